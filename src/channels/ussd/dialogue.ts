import { IntakeFull } from '../../errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import { counter } from '../../runtime/metrics.ts';
import type { EphemeralStore } from '../../storage/ephemeral.ts';
import { instant, later, type Instant } from '../../values/instant.ts';
import type { Language } from '../../values/language.ts';
import { findMsisdn, type Msisdn } from '../../values/msisdn.ts';
import type { Origin, TraceId } from '../../values/trace.ts';
import { isEnquiry, type KnownSubscriber, type ResolveCaller } from '../caller.ts';
import type { Command, Outcome } from '../command.ts';
import { renderOutcome } from '../texts/render.ts';
import {
  answerMenu,
  answerOutcome,
  findDialled,
  openMenu,
  type MenuBook,
  type MenuState,
  type MenuStep,
  type ShowStep,
} from './menu.ts';
import { paginate } from './pages.ts';
import type { TakeUssdTurn, UssdIndication, UssdScreen } from './turn.ts';

/** A money result in words, for the short message that is sent when no screen could show it. */
export interface UssdReply {
  readonly source: string;
  readonly destination: Msisdn;
  readonly text: string;
  readonly priority: 'reply';
}

export interface UssdRequest {
  readonly subscriber: KnownSubscriber;
  readonly msisdn: Msisdn;
  readonly channel: 'ussd';
  readonly trace: TraceId;
  readonly origin: Origin;
  readonly command: Command;
  /** Only for a command that moves points: its result, kept back for 15 s for the screen to show it. Pure. */
  readonly reply?: (outcome: Outcome) => UssdReply;
}

/** Carries out a command. Rejects with IntakeFull, or with a fault. */
export type PerformUssd = (request: UssdRequest) => Promise<Outcome>;

export interface UssdDeps extends MenuBook {
  readonly store: EphemeralStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly resolve: ResolveCaller;
  readonly perform: PerformUssd;
  /** The screen with the result of a money action was taken by the centre (true), or the message is to be sent. */
  readonly resultShown: (pendingId: string, taken: boolean) => void;
  readonly dialogueMs: number;
  readonly answerMs: number;
  /** Sender of the short message that tells a result instead of a screen. */
  readonly smsSource: string;
}

/** What the store keeps between two turns. */
interface Dialogue {
  readonly centre: string;
  readonly sessionKey: string;
  readonly subscriberId: string;
  readonly status: KnownSubscriber['status'];
  readonly endsAt: number;
  /** A command is being carried out: an answer that comes meanwhile is a repetition. */
  readonly busy: boolean;
  readonly menu: MenuState;
}

const turns = counter('bonusgate_ussd_turns_total', 'USSD messages by how they were answered', ['answer']);

/**
 * The USSD conversation, whatever wire carries it.
 *
 * One dialogue per subscriber, identified by centre, number and the centre's key; a new one replaces an open one.
 * Whoever stores the next state first has the turn, so a repeated or late message changes nothing and shows nothing;
 * a repeated confirmation moves no points twice because its request id is the pending id.
 */
export function createTakeUssdTurn(deps: UssdDeps): TakeUssdTurn {
  return async (indication) => {
    try {
      const screen = await take(deps, indication);
      turns.inc({ answer: screen === undefined ? 'nothing' : screen.end ? 'end' : 'screen' });
      return screen;
    } catch (error) {
      const full = error instanceof IntakeFull;
      turns.inc({ answer: full ? 'busy' : 'sorry' });
      if (!full)
        deps.log.error(
          { err: error, trace: indication.trace, centre: indication.centre },
          'ussd turn failed',
        );
      if (indication.kind === 'abort') return undefined;
      await forget(deps, indication);
      return { text: bothLanguages(deps, full ? 'ussd.busy' : 'ussd.sorry', indication), end: true };
    }
  };
}

/** Ends the open dialogue of a number: its owner was suspended or changed. */
export async function closeDialogue(store: EphemeralStore, msisdn: string): Promise<void> {
  await store.remove(keyOf(msisdn));
}

function keyOf(msisdn: string): string {
  return `ussd:${msisdn}`;
}

function take(deps: UssdDeps, indication: UssdIndication): Promise<UssdScreen | undefined> {
  switch (indication.kind) {
    case 'begin':
      return begin(deps, indication);
    case 'continue':
      return goOn(deps, indication);
    case 'abort':
      return abort(deps, indication);
  }
}

async function begin(deps: UssdDeps, indication: UssdIndication): Promise<UssdScreen | undefined> {
  const msisdn = findMsisdn(indication.msisdn);
  const subscriber = msisdn && (await deps.resolve(msisdn, indication.receivedAt));
  if (msisdn === undefined || subscriber === undefined || subscriber.status === 'terminated') {
    return { text: bothLanguages(deps, 'ussd.stranger', indication), end: true };
  }
  const dialled = findDialled(deps.menu, indication.text);
  if (dialled === undefined) {
    await deps.store.remove(keyOf(indication.msisdn));
    return { text: deps.texts.say('ussd.unknown_code', subscriber.language), end: true };
  }
  const now = deps.clock.now();
  const first = openMenu(deps, dialled.screen, subscriber, indication.limit);
  const dialogue: Dialogue = {
    centre: indication.centre,
    sessionKey: indication.sessionKey,
    subscriberId: String(subscriber.subscriberId),
    status: subscriber.status,
    endsAt: now + deps.dialogueMs,
    busy: true,
    menu: first.state,
  };
  const version = await deps.store.replace(
    keyOf(indication.msisdn),
    JSON.stringify(dialogue),
    expiryOf(deps, dialogue),
  );
  return new Turn(deps, indication, msisdn, dialogue, version).play(first, dialled.answers);
}

async function goOn(deps: UssdDeps, indication: UssdIndication): Promise<UssdScreen | undefined> {
  const found = await find(deps, indication);
  if (found === undefined) return { text: bothLanguages(deps, 'ussd.expired', indication), end: true };
  const { dialogue, version } = found;
  if (dialogue.busy) return undefined;
  const step = answerMenu(deps, dialogue.menu, indication.text, indication.limit);
  return new Turn(deps, indication, indication.msisdn as Msisdn, dialogue, version).play(step, []);
}

async function abort(deps: UssdDeps, indication: UssdIndication): Promise<undefined> {
  await forget(deps, indication);
  return undefined;
}

/** The dialogue that the message belongs to; not one that has replaced it. */
async function find(
  deps: UssdDeps,
  { centre, sessionKey, msisdn }: UssdIndication,
): Promise<{ dialogue: Dialogue; version: number } | undefined> {
  const stored = await deps.store.find(keyOf(msisdn));
  if (stored === undefined) return undefined;
  const dialogue = JSON.parse(stored.value) as Dialogue;
  if (dialogue.centre !== centre || dialogue.sessionKey !== sessionKey) return undefined;
  return { dialogue, version: stored.version };
}

/** Ends the dialogue of the message, if it is still the open one. */
async function forget(deps: UssdDeps, indication: UssdIndication): Promise<void> {
  try {
    const found = await find(deps, indication);
    if (found !== undefined)
      await deps.store.put(keyOf(indication.msisdn), '', deps.clock.now(), found.version);
  } catch (error) {
    deps.log.warn({ err: error, trace: indication.trace }, 'ussd dialogue not closed');
  }
}

function expiryOf(deps: UssdDeps, { endsAt }: Dialogue): Instant {
  return instant(Math.min(endsAt, later(deps.clock.now(), deps.answerMs)));
}

/** One message of a dialogue: the steps it leads to, until something is to be shown. */
class Turn {
  readonly #deps: UssdDeps;
  readonly #indication: UssdIndication;
  readonly #msisdn: Msisdn;
  readonly #dialogue: Dialogue;
  #version: number;
  #claimed: boolean;

  constructor(
    deps: UssdDeps,
    indication: UssdIndication,
    msisdn: Msisdn,
    dialogue: Dialogue,
    version: number,
  ) {
    this.#deps = deps;
    this.#indication = indication;
    this.#msisdn = msisdn;
    this.#dialogue = dialogue;
    this.#version = version;
    this.#claimed = dialogue.busy;
  }

  /** Plays a step and the answers that were dialled along; undefined when somebody else has the turn. */
  async play(first: MenuStep, answers: readonly string[]): Promise<UssdScreen | undefined> {
    const left = [...answers];
    let step = first;
    for (;;) {
      if (step.kind === 'run') {
        if (!(await this.#claim(step.state))) return undefined;
        const outcome = await this.#perform(step.command, step.state);
        step = answerOutcome(this.#deps, step.state, outcome, this.#indication.limit);
      } else if (left.length > 0 && goesOnAlone(step)) {
        step = answerMenu(this.#deps, step.state, left.shift()!, this.#indication.limit);
      } else {
        return this.#show(step);
      }
    }
  }

  /** Before a command is carried out the turn is taken: a repeated message must not carry it out beside us. */
  async #claim(state: MenuState): Promise<boolean> {
    if (this.#claimed) return true;
    const taken = await this.#store({ ...this.#dialogue, busy: true, menu: state });
    this.#claimed = taken;
    return taken;
  }

  async #store(dialogue: Dialogue): Promise<boolean> {
    const { store } = this.#deps;
    const expiresAt = expiryOf(this.#deps, dialogue);
    const version = await store.put(
      keyOf(this.#indication.msisdn),
      JSON.stringify(dialogue),
      expiresAt,
      this.#version,
    );
    if (version !== undefined) this.#version = version;
    return version !== undefined;
  }

  #perform(command: Command, state: MenuState): Promise<Outcome> {
    const { origin, trace } = this.#indication;
    if (origin === 'untrusted' && !isEnquiry(command)) {
      return Promise.resolve({ kind: 'refused', code: 'origin_untrusted', detail: {} });
    }
    const { language, zone } = state;
    const subscriberId = BigInt(this.#dialogue.subscriberId);
    const subscriber = { subscriberId, language, zone, status: this.#dialogue.status };
    const request = { subscriber, msisdn: this.#msisdn, channel: 'ussd', trace, origin, command } as const;
    if (command.kind !== 'confirm') return this.#deps.perform(request);
    const reply = (outcome: Outcome): UssdReply => ({
      source: this.#deps.smsSource,
      destination: this.#msisdn,
      text: renderOutcome(this.#deps.texts, outcome, state),
      priority: 'reply',
    });
    return this.#deps.perform({ ...request, reply });
  }

  async #show(step: ShowStep): Promise<UssdScreen | undefined> {
    const { clock, resultShown } = this.#deps;
    const { pendingId } = step;
    const late = clock.now() > this.#indication.answerBy;
    const ours =
      step.end || late
        ? await this.#end()
        : await this.#store({ ...this.#dialogue, busy: false, menu: step.state });
    if (!ours || late) {
      if (pendingId !== undefined) resultShown(pendingId, false);
      return undefined;
    }
    const screen = { text: step.text, end: step.end };
    if (pendingId === undefined) return screen;
    return { ...screen, shown: (taken) => resultShown(pendingId, taken) };
  }

  /** A lapsed value is no value. What is to be told is told even if the store is lost in this moment. */
  async #end(): Promise<boolean> {
    try {
      const key = keyOf(this.#indication.msisdn);
      return (await this.#deps.store.put(key, '', this.#deps.clock.now(), this.#version)) !== undefined;
    } catch (error) {
      this.#deps.log.warn({ err: error, trace: this.#indication.trace }, 'ussd dialogue not closed');
      return true;
    }
  }
}

/** Answers dialled along are taken by menus and questions; a confirmation is only ever given to what was seen. */
function goesOnAlone(step: ShowStep): boolean {
  const { kind } = step.state.stage;
  return !step.end && step.state.tries === 0 && (kind === 'screen' || kind === 'list');
}

/** Who it is may not be known: both languages as far as they fit, else English. */
function bothLanguages(
  deps: UssdDeps,
  key: 'ussd.busy' | 'ussd.sorry' | 'ussd.expired' | 'ussd.stranger',
  indication: UssdIndication,
): string {
  const said = (['en', 'ru'] as const satisfies readonly Language[]).map((language) =>
    deps.texts.say(key, language),
  );
  const together = paginate(said.join('\n'), { last: [], more: [] }, indication.limit);
  return together.length === 1 ? together[0]! : said[0]!;
}
