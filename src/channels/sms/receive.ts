import { IntakeFull } from '../../errors.ts';
import type { Logger } from '../../runtime/log.ts';
import { counter } from '../../runtime/metrics.ts';
import type { Language } from '../../values/language.ts';
import { findMsisdn, type Msisdn, type NumberPlan } from '../../values/msisdn.ts';
import type { Origin, TraceId } from '../../values/trace.ts';
import { isEnquiry, type KnownSubscriber, type ResolveCaller } from '../caller.ts';
import type { Command, Outcome } from '../command.ts';
import type { MobileOriginated, MoVerdict, ReceiveMo } from '../mobile-originated.ts';
import { renderOutcome } from '../texts/render.ts';
import type { Texts } from '../texts/texts.ts';
import type { Keywords, KeywordTable } from './keywords.ts';
import { parseSms, type Unparsable } from './parse.ts';

/** An answer, to be stored in the outbox with what it answers. */
export interface ReplySms {
  readonly source: string;
  readonly destination: Msisdn;
  readonly text: string;
  readonly smsc: string;
  readonly priority: 'reply';
}

/** One short message to be carried out once, answered once, in one commit. */
export interface SmsRequest {
  readonly subscriber: KnownSubscriber;
  readonly msisdn: Msisdn;
  readonly channel: 'sms';
  readonly trace: TraceId;
  readonly origin: Origin;
  readonly mo: MobileOriginated;
  /** Absent: nothing is to be carried out, only the answer is stored (and the message recorded as received). */
  readonly command?: Command;
  /** The answer in words. Pure: called inside the ledger's decision. Without a command the outcome is not looked at. */
  readonly reply: (outcome?: Outcome) => ReplySms;
}

/** Carries out a request and stores its reply in the same commit. Rejects with IntakeFull, or with a fault. */
export type PerformSms = (request: SmsRequest) => Promise<Outcome>;

export interface ReceiveSmsDeps {
  readonly texts: Texts;
  readonly keywords: Keywords;
  readonly numberPlan?: NumberPlan;
  readonly resolve: ResolveCaller;
  readonly perform: PerformSms;
  /** Sends somebody who is no subscriber the one answer a day; see stranger.ts. Never rejects. */
  readonly notifyStranger: (mo: MobileOriginated, reply: ReplySms) => Promise<void>;
  readonly log: Logger;
}

const received = counter(
  'bonusgate_sms_received_total',
  'Short messages from handsets by how they were answered',
  ['answer'],
);

/**
 * Makes the SMS channel: text to command, outcome to reply.
 *
 * The verdict is given only when everything is stored. What fails for a technical reason is asked for again: the
 * fingerprint of the message makes a second delivery harmless.
 */
export function createReceiveMo(deps: ReceiveSmsDeps): ReceiveMo {
  return async (mo) => {
    try {
      const verdict = await receive(deps, mo);
      received.inc({ answer: verdict });
      return verdict;
    } catch (error) {
      const verdict = error instanceof IntakeFull ? 'full' : 'retry';
      received.inc({ answer: verdict });
      if (verdict === 'retry') deps.log.error({ err: error, trace: mo.trace, bind: mo.bind }, 'mo failed');
      return verdict;
    }
  };
}

async function receive(deps: ReceiveSmsDeps, mo: MobileOriginated): Promise<MoVerdict> {
  const msisdn = findMsisdn(mo.source);
  // Services and machines that write from a name or a short code get no answer: two of them would talk for ever.
  if (msisdn === undefined) return 'never';
  const subscriber = await deps.resolve(msisdn, mo.receivedAt);
  if (subscriber === undefined || subscriber.status === 'terminated') {
    // Not waited for: the SMSC need not hold its message until ours is out.
    void deps.notifyStranger(mo, toStranger(deps.texts, mo, msisdn));
    return 'done';
  }
  const outcome = await deps.perform(requestOf(deps, mo, msisdn, subscriber));
  return outcome.kind === 'unknown' ? 'retry' : 'done';
}

function requestOf(
  deps: ReceiveSmsDeps,
  mo: MobileOriginated,
  msisdn: Msisdn,
  subscriber: KnownSubscriber,
): SmsRequest {
  const { texts } = deps;
  const table = deps.keywords.forShortCode(mo.destination);
  const parsed = parseSms(mo.text, table, deps.numberPlan);
  const say = (text: string): ReplySms => replyTo(mo, msisdn, text);
  const known = { subscriber, msisdn, channel: 'sms', trace: mo.trace, origin: mo.origin, mo } as const;
  if (parsed.kind === 'unparsable') {
    return { ...known, reply: () => say(explain(texts, table, parsed, subscriber.language)) };
  }
  if (mo.origin === 'untrusted' && !isEnquiry(parsed)) {
    return { ...known, reply: () => say(texts.say('refused.origin_untrusted', subscriber.language)) };
  }
  return {
    ...known,
    command: parsed,
    reply: (outcome = { kind: 'unknown' }) => say(renderOutcome(texts, outcome, subscriber)),
  };
}

/** What to send instead, with an example of the right form. */
function explain(
  texts: Texts,
  table: KeywordTable,
  { reason, near }: Unparsable,
  language: Language,
): string {
  if (near === undefined) return texts.say(`sms.${reason}`, language);
  return texts.say('sms.unknown_word_near', language, { near: table.nameOf(near, language) });
}

/** Nothing is known of a stranger but what they wrote: Cyrillic letters are answered in Russian. */
function toStranger(texts: Texts, mo: MobileOriginated, msisdn: Msisdn): ReplySms {
  const language = /\p{Script=Cyrillic}/u.test(mo.text) ? 'ru' : 'en';
  return replyTo(mo, msisdn, texts.say('sms.stranger', language));
}

/** Back the way it came: from the short code that was written to, through the same SMSC. */
function replyTo(mo: MobileOriginated, msisdn: Msisdn, text: string): ReplySms {
  return { source: mo.destination, destination: msisdn, text, smsc: mo.smsc, priority: 'reply' };
}
