import type { OutboundSms, SendDirect, SendSms, SubmitReceipt } from '../../src/notify/ports.ts';
import type { SmppConfig, SmppSmsc } from '../../src/runtime/config/smpp.ts';
import { jitter } from '../../src/runtime/ids.ts';
import { later } from '../../src/values/instant.ts';
import { Bind } from './bind.ts';
import { bindState, publishBindGauges, type BindState } from './bind-state.ts';
import type { SmppDeps } from './deps.ts';
import { incompleteMessages } from './metrics.ts';
import { Reassembly } from './reassembly.ts';
import { status } from './statuses.ts';
import { combineEnds, toSubmitJobs } from './submit.ts';
import { pushUssd, type PushOptions } from './ussd-push.ts';

/** How often levels are copied into the gauges. */
const GAUGE_MS = 1_000;

/** The running SMPP wire. */
export interface SmppWire {
  readonly sendSms: SendSms;
  /** Shows texts on handsets that have not dialled, over the USSD binds. */
  pushUssd(options: PushOptions): SendDirect;
  /** One entry per configured bind, in the order of the configuration. */
  binds(): BindState[];
  /** Answers ESME_RTHROTTLED to every MO, receipt and USSD turn from now on; sending goes on. */
  pauseIntake(): void;
  /** Ends a pause (the disk guard's, for example). */
  resumeIntake(): void;
  /** Takes nothing new, waits for what is in flight, unbinds; at most `closeTimeoutMs`. */
  close(): Promise<void>;
}

/** Connects every configured bind and keeps it bound until closed. Returns at once: a dead SMSC stops nobody. */
export function startSmpp(config: SmppConfig, deps: SmppDeps): SmppWire {
  const { clock } = deps;
  const binds = config.smscs.flatMap((smsc) => {
    const reassembly = makeReassembly(smsc, deps);
    return smsc.binds.map((profile) => new Bind(config, smsc, profile, reassembly, deps));
  });
  for (const bind of binds) bind.connect();
  let cancelGauges = (): void => undefined;
  const publish = (): void => {
    publishBindGauges(binds, clock.now());
    cancelGauges = clock.after(GAUGE_MS, publish);
  };
  publish();
  const setPaused = (paused: boolean): void => {
    for (const bind of binds) bind.intakePaused = paused;
  };
  return {
    sendSms: makeSendSms(config, binds, deps),
    pushUssd: (options) => makePush(options, binds, deps),
    binds: () => binds.map((bind) => bindState(bind, clock.now())),
    pauseIntake: () => setPaused(true),
    resumeIntake: () => setPaused(false),
    close: async () => {
      cancelGauges();
      let cancel = (): void => undefined;
      const deadline = new Promise<void>((resolve) => {
        cancel = clock.after(config.closeTimeoutMs, resolve);
      });
      await Promise.all(binds.map((bind) => bind.close(deadline)));
      cancel();
    },
  };
}

function makeReassembly(smsc: SmppSmsc, { clock, log }: SmppDeps): Reassembly {
  return new Reassembly({
    clock,
    keepMs: smsc.reassemblyMs,
    patienceMs: smsc.partPatienceMs,
    onIncomplete: (held, total) => {
      incompleteMessages.inc({ smsc: smsc.name });
      log.warn({ smsc: smsc.name, held, total }, 'smpp long message incomplete');
    },
  });
}

/**
 * Sends over the least busy bind that fits. A message offered again while it is being sent joins the first offer, so
 * that an outbox lease that ran out cannot send it twice.
 */
function makeSendSms(config: SmppConfig, binds: readonly Bind[], deps: SmppDeps): SendSms {
  const inFlight = new Map<string, Promise<SubmitReceipt>>();
  let reference = Math.floor(jitter() * 0x10000);
  const send = async (mt: OutboundSms): Promise<SubmitReceipt> => {
    const bind = chooseBind(binds, mt.smsc, deps);
    if (bind === undefined) return { kind: 'retry', reason: 'no bind' };
    reference = (reference + 1) & 0xffff;
    const expiresAt = later(deps.clock.now(), config.queueTimeoutMs);
    const jobs = toSubmitJobs(mt, bind.profile, reference, expiresAt);
    if (jobs === undefined) return { kind: 'refused', status: status('ESME_RINVMSGLEN') };
    const ends = await Promise.all(jobs.map((job) => bind.queue.submit(job)));
    const named = ends.map((end) =>
      end.kind === 'accepted' ? { ...end, messageId: bind.ids.submitted(end.messageId) } : end,
    );
    return combineEnds(named, bind.smsc.name, bind.profile.name);
  };
  return (mt) => {
    const known = inFlight.get(mt.id);
    if (known !== undefined) return known;
    const sending = send(mt)
      .catch((error: unknown): SubmitReceipt => {
        deps.log.error({ err: error, trace: mt.trace }, 'smpp submit failed');
        return { kind: 'unknown', reason: 'internal error' };
      })
      .finally(() => inFlight.delete(mt.id));
    inFlight.set(mt.id, sending);
    return sending;
  };
}

function makePush(options: PushOptions, binds: readonly Bind[], deps: SmppDeps): SendDirect {
  return async (notice) => {
    const bind = chooseBind(binds, options.smsc, deps, 'ussd');
    if (bind === undefined) return { kind: 'retry', reason: 'no bind' };
    const { profile, pushes, queue } = bind;
    const submit = queue.submit.bind(queue);
    return pushUssd(notice, options, { profile, pushes, submit }, deps.clock);
  };
}

/** The bind with the shortest way out; one that the SMSC throttles only when there is no other. */
function chooseBind(
  binds: readonly Bind[],
  smsc: string | undefined,
  { clock }: SmppDeps,
  kind: Bind['profile']['kind'] = 'sms',
): Bind | undefined {
  const now = clock.now();
  let best: { bind: Bind; load: number } | undefined;
  for (const bind of binds) {
    if (bind.profile.kind !== kind || !bind.canSubmit) continue;
    if (smsc !== undefined && bind.smsc.name !== smsc) continue;
    const used = bind.queue.length + (bind.session?.windowUsed ?? 0);
    const load = used / bind.profile.window + bind.queue.pausedMs(now);
    if (best === undefined || load < best.load) best = { bind, load };
  }
  return best?.bind;
}
