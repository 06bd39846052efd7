import type { DirectNotice, DirectReceipt } from '../../src/notify/ports.ts';
import type { SmppBind } from '../../src/runtime/config/smpp.ts';
import { later } from '../../src/values/instant.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { sourceTonNpi } from './address.ts';
import type { SubmitEnd, SubmitJob } from './submit-queue.ts';
import { chooseCoding } from './text/outgoing.ts';

/** How pushes go out: the service code they come from, over the USSD bind of which SMSC, and how long each may take. */
export interface PushOptions {
  readonly source: string;
  readonly smsc?: string | undefined;
  readonly confirmMs: number;
}

/**
 * Pushes that a centre took and has not confirmed yet, by the handset's number: a handset shows one thing at a time,
 * and centres name network-initiated sessions in too many ways to rely on.
 */
export class PushConfirmations {
  readonly #waiting = new Map<string, (shown: boolean) => void>();

  /** False when a push to this handset is under way already. */
  expect(msisdn: string, settle: (shown: boolean) => void): boolean {
    if (this.#waiting.has(msisdn)) return false;
    this.#waiting.set(msisdn, settle);
    return true;
  }

  /** The centre told that the handset showed it, or that it did not. */
  settle(msisdn: string, shown: boolean): void {
    this.#waiting.get(msisdn)?.(shown);
  }

  forget(msisdn: string): void {
    this.#waiting.delete(msisdn);
  }
}

/**
 * Shows a text on a handset that has not dialled: USSN request, answered by the centre's confirm (SMPP 3.4 §5.3.2.44,
 * 3GPP TS 22.090). Taken without a confirm in time is `unknown`: it may have been shown.
 */
export async function pushUssd(
  notice: DirectNotice,
  { source, confirmMs }: PushOptions,
  bind: {
    readonly profile: SmppBind;
    submit(job: SubmitJob): Promise<SubmitEnd>;
    readonly pushes: PushConfirmations;
  },
  clock: Clock,
): Promise<DirectReceipt> {
  const job = toPushJob(notice, source, bind.profile, later(clock.now(), confirmMs));
  if (job === undefined) return { kind: 'refused', reason: 'too long for one screen' };
  let settle: (shown: boolean) => void = () => undefined;
  const confirmed = new Promise<boolean>((resolve) => (settle = resolve));
  if (!bind.pushes.expect(notice.to, settle)) return { kind: 'retry', reason: 'handset is busy' };
  let cancel = (): void => undefined;
  const deadline = new Promise<undefined>((resolve) => {
    cancel = clock.after(confirmMs, () => resolve(undefined));
  });
  try {
    const end = await bind.submit(job);
    if (end.kind !== 'accepted') return notTaken(end);
    const shown = await Promise.race([confirmed, deadline]);
    if (shown === undefined) return { kind: 'unknown', reason: 'no confirm in time' };
    return shown ? { kind: 'delivered' } : { kind: 'refused', reason: 'aborted' };
  } finally {
    cancel();
    bind.pushes.forget(notice.to);
  }
}

function notTaken(end: Exclude<SubmitEnd, { kind: 'accepted' }>): DirectReceipt {
  if (end.kind === 'refused') return { kind: 'refused', reason: `status ${String(end.status)}` };
  return { kind: end.kind, reason: end.reason };
}

/** Undefined when the text does not fit one screen. */
function toPushJob(
  { to, text }: DirectNotice,
  source: string,
  profile: SmppBind,
  expiresAt: SubmitJob['expiresAt'],
): SubmitJob | undefined {
  const { ussd } = profile;
  const coding = chooseCoding(text, ussd.gsmCoding === 0 ? profile.defaultAlphabet : 'gsm');
  const gsm = coding.name === 'default';
  let used = 0;
  for (const char of text) used += coding.cost(char);
  if (used > (gsm ? ussd.gsmLimit : ussd.ucs2Limit)) return undefined;
  const { ton, npi } = sourceTonNpi(source, profile.sourceTon, profile.sourceNpi);
  return {
    body: {
      serviceType: ussd.serviceType === '' ? 'USSD' : ussd.serviceType,
      sourceAddrTon: ton,
      sourceAddrNpi: npi,
      sourceAddr: source,
      destAddrTon: profile.destinationTon,
      destAddrNpi: profile.destinationNpi,
      destinationAddr: to,
      dataCoding: gsm ? ussd.gsmCoding : ussd.ucs2Coding,
      shortMessage: coding.encode(text),
    },
    tlvs: { ussdServiceOp: ussd.ops.notify },
    priority: 'service',
    expiresAt,
    group: { failed: false },
  };
}
