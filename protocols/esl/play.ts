import type { CallAction, CallInput, PromptFiles } from '../../src/channels/ivr/step.ts';
import { FILES_MAX, fileString } from './argument.ts';
import type { EslConnection } from './connection.ts';
import type { EslEvent } from './event.ts';
import type { Waited } from './wait.ts';

type Ask = Extract<CallAction, { kind: 'ask' }>;

/** `gone`: the channel is hung up or its socket closed. `fault`: FreeSWITCH did not do what it was told in time. */
export type Performed = CallInput | { readonly kind: 'gone' } | { readonly kind: 'fault' };

/** The channel that prompts are played on. */
export interface PlayChannel {
  readonly connection: EslConnection;
  /** Longest a single prompt may take. */
  readonly promptMaxMs: number;
  readonly commandTimeoutMs: number;
  /** A channel variable name never used before in this call. */
  freshVariable(): string;
  /** True once the channel was hung up. */
  isGone(): boolean;
}

/** Played after a wrong or missing input; the words for that are chosen by the script, so the switch stays silent. */
const SILENCE = 'silence_stream://20';

/** Plays a prompt to its end; keys are ignored (`playback_terminators=none` is set on the channel). */
export async function playPrompt(channel: PlayChannel, prompt: PromptFiles): Promise<Performed> {
  let failed = false;
  for (let at = 0; at < prompt.length; at += FILES_MAX) {
    const part = fileString(prompt.slice(at, at + FILES_MAX));
    if (part === undefined) return { kind: 'fault' };
    const completed = await channel.connection.execute('playback', part, channel.promptMaxMs);
    const trouble = troubleOf(channel, completed);
    if (trouble !== undefined) return trouble;
    if (completed.kind === 'done' && completed.value.get('application-response') !== 'FILE PLAYED')
      failed = true;
  }
  return failed ? { kind: 'played', failed } : { kind: 'played' };
}

/**
 * Plays a prompt and collects keys: one `play_and_get_digits` with one try, so that silence and a wrong key can be
 * told apart and counted by the script.
 *
 * FreeSWITCH stores partial input and says "success" for input that it did not accept. Valid is only: read_result
 * success, the variable set, and our own pattern satisfied.
 */
export async function askDigits(channel: PlayChannel, ask: Ask): Promise<Performed> {
  const asked = splitPrompt(ask);
  if (asked.before.length > 0) {
    const played = await playPrompt(channel, asked.before);
    if (played.kind !== 'played') return played;
  }
  const prompt = asked.during.length === 0 ? SILENCE : fileString(asked.during);
  if (prompt === undefined) return { kind: 'fault' };
  const variable = channel.freshVariable();
  const limits = `${ask.minDigits} ${ask.maxDigits} 1 ${ask.firstDigitMs} #`;
  const argument = `${limits} ${prompt} ${SILENCE} ${variable} .+ ${ask.interDigitMs}`;
  const timeoutMs =
    channel.promptMaxMs + ask.firstDigitMs + ask.maxDigits * ask.interDigitMs + channel.commandTimeoutMs;
  const completed = await channel.connection.execute('play_and_get_digits', argument, timeoutMs);
  const trouble = troubleOf(channel, completed);
  if (completed.kind === 'lost' || trouble !== undefined) return trouble ?? { kind: 'fault' };
  forget(channel, completed.value, variable);
  return judge(completed.value, variable, ask.pattern);
}

/** What cannot be interrupted, or does not fit one `file_string`, is played before the keys are collected. */
function splitPrompt(ask: Ask): { before: PromptFiles; during: PromptFiles } {
  if (!ask.bargeIn) return { before: ask.prompt, during: [] };
  const cut = Math.max(0, ask.prompt.length - FILES_MAX);
  return { before: ask.prompt.slice(0, cut), during: ask.prompt.slice(cut) };
}

/** What was keyed (a PIN, somebody's number) must not stay in channel variables and call detail records. */
function forget(channel: PlayChannel, completed: EslEvent, variable: string): void {
  for (const name of [variable, `${variable}_invalid`]) {
    if (completed.has(`variable_${name}`))
      void channel.connection.execute('unset', name, channel.commandTimeoutMs);
  }
}

function judge(completed: EslEvent, variable: string, pattern: RegExp): CallInput {
  if (completed.has(`variable_${variable}_invalid`)) return { kind: 'noMatch' };
  const digits = completed.get(`variable_${variable}`) ?? '';
  if (digits === '') return { kind: 'noInput' };
  if (completed.get('variable_read_result') !== 'success') return { kind: 'noInput' };
  return /^[0-9*]+$/.test(digits) && pattern.test(digits) ? { kind: 'digits', digits } : { kind: 'noMatch' };
}

function troubleOf(channel: PlayChannel, completed: Waited<EslEvent>): Performed | undefined {
  if (channel.isGone()) return { kind: 'gone' };
  if (completed.kind === 'done') return undefined;
  return completed.reason === 'closed' ? { kind: 'gone' } : { kind: 'fault' };
}
