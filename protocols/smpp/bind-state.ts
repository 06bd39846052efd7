import type { Instant } from '../../src/values/instant.ts';
import type { Bind, BindPhase } from './bind.ts';
import { oldestUnanswered, queueLength, windowUsed } from './metrics.ts';

/** What an operator wants to know about a bind; for readiness, metrics and the CLI. */
export interface BindState {
  readonly smsc: string;
  readonly bind: string;
  readonly kind: 'sms' | 'ussd';
  readonly mode: 'transceiver' | 'receiver' | 'transmitter';
  readonly phase: BindPhase;
  readonly since: Instant;
  readonly sessionId: string | undefined;
  readonly windowUsed: number;
  readonly windowMax: number;
  /** PDUs waiting to be sent. */
  readonly queued: number;
  /** Messages received and not answered. */
  readonly moUnanswered: number;
  readonly oldestUnansweredMs: number;
  /** How long the SMSC still wants us to be silent. */
  readonly throttledMs: number;
  readonly reconnects: number;
  readonly lastError: string | undefined;
  /** Answers to submits by status name. */
  readonly statuses: Readonly<Record<string, number>>;
}

export function bindState(bind: Bind, now: Instant): BindState {
  const { session, profile, smsc } = bind;
  return {
    smsc: smsc.name,
    bind: profile.name,
    kind: profile.kind,
    mode: profile.mode,
    phase: bind.phase,
    since: bind.since,
    sessionId: session?.id,
    windowUsed: session?.windowUsed ?? 0,
    windowMax: profile.window,
    queued: bind.queue.length,
    moUnanswered: session?.unanswered ?? 0,
    oldestUnansweredMs: session?.oldestSentAt === undefined ? 0 : now - session.oldestSentAt,
    throttledMs: bind.queue.pausedMs(now),
    reconnects: bind.reconnects,
    lastError: bind.lastError,
    statuses: Object.fromEntries(bind.statusCounts),
  };
}

/** Copies what is a level, not a count, into the gauges; called before metrics are read. */
export function publishBindGauges(binds: readonly Bind[], now: Instant): void {
  for (const bind of binds) {
    const labels = { smsc: bind.smsc.name, bind: bind.profile.name };
    windowUsed.set(labels, bind.session?.windowUsed ?? 0);
    oldestUnanswered.set(labels, Math.max(0, now - (bind.session?.oldestSentAt ?? now)) / 1000);
    for (const priority of ['reply', 'service', 'campaign'] as const) {
      queueLength.set({ ...labels, priority }, bind.queue.lengthOf(priority));
    }
  }
}
