import { createHash } from 'node:crypto';
import type { KnownSubscriber, ResolveCaller } from '../channels/caller.ts';
import type { Command, Outcome } from '../channels/command.ts';
import { orUnknown, recordOnly, type CommandContext, type Executed } from '../channels/execute.ts';
import type { CallBook } from '../channels/ivr/compose.ts';
import { createConversation } from '../channels/ivr/conversation.ts';
import type { IvrCallDeps } from '../channels/ivr/deps.ts';
import { loadScript } from '../channels/ivr/load-script.ts';
import { missingSounds } from '../channels/ivr/sounds.ts';
import type { CallArrival, TakeCall } from '../channels/ivr/step.ts';
import type { ReceiveMo } from '../channels/mobile-originated.ts';
import { loadKeywords } from '../channels/sms/keywords.ts';
import { moIdentity } from '../channels/sms/proofs.ts';
import { createReceiveMo, type PerformSms } from '../channels/sms/receive.ts';
import { createNotifyStranger } from '../channels/sms/stranger.ts';
import { renderOutcome } from '../channels/texts/render.ts';
import { createTakeUssdTurn, type PerformUssd } from '../channels/ussd/dialogue.ts';
import { loadMenu } from '../channels/ussd/menu-file.ts';
import type { TakeUssdTurn } from '../channels/ussd/turn.ts';
import { traceOctets } from '../ledger/request-key.ts';
import { OUTBOX_PRIORITY } from '../ledger/records.ts';
import type { OutboxDraft } from '../ledger/operation.ts';
import type { SendSms } from '../notify/ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Logger } from '../runtime/log.ts';
import { findMsisdn, type Msisdn } from '../values/msisdn.ts';
import type { Core } from './core.ts';
import { INLINE_MS, type InlineResults } from './inline-results.ts';
import type { Storage } from './storage.ts';

/** What the wires are given: each channel with its words, bound to the core. */
export interface Channels {
  readonly receiveMo: ReceiveMo;
  readonly takeUssdTurn: TakeUssdTurn;
  readonly takeCall: TakeCall;
}

export interface ChannelDeps {
  readonly config: Config;
  readonly core: Core;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly inline: InlineResults;
  readonly sendSms: SendSms;
}

export async function createChannels(deps: ChannelDeps): Promise<Channels> {
  const { core, config, clock, storage, log } = deps;
  const { texts } = core;
  const resolve = resolver(core);
  return {
    receiveMo: createReceiveMo({
      texts,
      keywords: loadKeywords(config.sms.keywords),
      numberPlan: config.numberPlan,
      resolve,
      perform: performSms(core),
      notifyStranger: createNotifyStranger({ store: storage.store, send: deps.sendSms, clock, log }),
      log,
    }),
    takeUssdTurn: createTakeUssdTurn({
      menu: loadMenu(config.ussd.menu),
      texts,
      numberPlan: config.numberPlan,
      triesMax: config.ussd.triesMax,
      store: storage.store,
      clock,
      log,
      resolve,
      perform: performUssd(deps),
      resultShown: (pendingId, taken) => deps.inline.settle(pendingId, taken),
      dialogueMs: config.ussd.dialogueMs,
      answerMs: config.ussd.answerMs,
      smsSource: config.ussd.smsSource,
    }),
    takeCall: await callTaker(deps, resolve),
  };
}

function resolver(core: Core): ResolveCaller {
  return async (msisdn, at) => {
    const found = await core.subscribers.resolveNumber(msisdn, at);
    return (
      found && { subscriberId: found.id, language: found.language, zone: found.zone, status: found.status }
    );
  };
}

interface Saying {
  readonly source: string;
  readonly destination: Msisdn;
  readonly text: string;
  readonly smsc?: string;
}

function draftOf(saying: Saying, subscriber: KnownSubscriber, dueAt: number): OutboxDraft {
  return {
    subscriber: Number(subscriber.subscriberId),
    priority: OUTBOX_PRIORITY.reply,
    smsc: saying.smsc ?? null,
    source: saying.source,
    destination: saying.destination,
    body: saying.text,
    receipt: true,
    dueAt,
  };
}

function performSms(core: Core): PerformSms {
  return async ({ subscriber, trace, origin, mo, command, reply }) => {
    const context: CommandContext = {
      subscriber,
      channel: 'sms',
      origin,
      trace,
      requestKey: traceOctets(trace),
      mo: moIdentity(mo, subscriber.subscriberId),
      reply: (outcome, now) => draftOf(command === undefined ? reply() : reply(outcome), subscriber, now),
    };
    const { outcome } =
      command === undefined
        ? await recordOnly(core.executeDeps, context, 'not_understood')
        : await core.execute(context, command);
    // Nothing was to be carried out, but the message and its answer are stored.
    return command === undefined ? { kind: 'done', result: { kind: 'help' }, replayed: false } : outcome;
  };
}

function performUssd({ core, inline, log }: ChannelDeps): PerformUssd {
  return async ({ subscriber, trace, origin, command, reply }) => {
    const context: CommandContext = {
      subscriber,
      channel: 'ussd',
      origin,
      trace,
      requestKey: traceOctets(trace),
      ...(reply !== undefined && {
        reply: (outcome: Outcome, now: number) => draftOf(reply(outcome), subscriber, now + INLINE_MS.ussd),
      }),
    };
    const executing = core.execute(context, command);
    // Only what may have moved points can be unknown; anything else simply failed, and the dialogue says so.
    const moves = command.kind === 'confirm';
    return remembering(inline, command, await (moves ? orUnknown(executing, log) : executing));
  };
}

/** Keeps track of the message that would tell this result, until the dialogue or call has told it. */
function remembering(inline: InlineResults, command: Command, { outcome, outbox }: Executed): Outcome {
  if (outbox !== undefined && command.kind === 'confirm' && 'pendingId' in command) {
    inline.remember(command.pendingId, outbox);
  }
  return outcome;
}

async function callTaker(deps: ChannelDeps, resolve: ResolveCaller): Promise<TakeCall> {
  const { config, log } = deps;
  const { script, warnings } = await loadScript(config.ivr.script);
  for (const warning of warnings) log.warn({ warning }, 'call script');
  const book: CallBook = {
    script,
    sounds: config.ivr.sounds,
    zone: config.ivr.zone,
    numberPlan: config.numberPlan,
  };
  if (config.ivr.soundsCheck) {
    for (const file of await missingSounds(book)) log.warn({ file }, 'sound file missing');
  }
  return (arrival) =>
    createConversation({
      book,
      open: () => openCall(deps, resolve, arrival),
      log: log.child({ call: arrival.uuid, trace: arrival.trace }),
    });
}

async function openCall(
  deps: ChannelDeps,
  resolve: ResolveCaller,
  arrival: CallArrival,
): Promise<IvrCallDeps> {
  const { core, clock, inline, config, log } = deps;
  const msisdn = findMsisdn(arrival.caller, config.numberPlan);
  const found = msisdn && (await resolve(msisdn, clock.now()));
  if (msisdn === undefined || found === undefined || found.status === 'terminated') {
    return {
      subscriber: undefined,
      execute: () => Promise.resolve({ kind: 'unknown' }),
      verifyPin: () => Promise.resolve('not_set'),
      resultHeard: () => undefined,
    };
  }
  return {
    subscriber: found,
    execute: async (stepId, command) => {
      const context: CommandContext = {
        subscriber: found,
        channel: 'ivr',
        origin: arrival.origin,
        trace: arrival.trace,
        requestKey: stepKey(arrival.uuid, stepId),
        ...(command.kind === 'confirm' && {
          reply: (outcome: Outcome, now: number) => {
            const text = renderOutcome(core.texts, outcome, found);
            return draftOf(
              { source: config.ivr.smsSource, destination: msisdn, text },
              found,
              now + INLINE_MS.ivr,
            );
          },
        }),
      };
      return remembering(inline, command, await orUnknown(core.execute(context, command), log));
    },
    verifyPin: (digits) => core.subscribers.verifyPin(found.subscriberId, digits),
    resultHeard: (pendingId, heard) => inline.settle(pendingId, heard),
  };
}

function stepKey(uuid: string, stepId: string): Buffer {
  return createHash('sha256').update(`${uuid} ${stepId}`).digest().subarray(0, 16);
}
