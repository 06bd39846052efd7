import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { SECOND_MS } from '../values/instant.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { loadLotClasses, type LotClasses } from './class-store.ts';
import type { DecideContext, FactsOf } from './decide-batch.ts';
import { createPoster, POSTER_DEFAULTS, type Poster } from './poster.ts';
import type { LeasedOutbox } from './records.ts';
import { createSerials } from './serials.ts';

/** The only code that moves points. */
export interface Ledger {
  readonly post: Poster['post'];
  readonly classes: LotClasses;
  healthy(): boolean;
  close(deadlineMs: number): Promise<void>;
}

export interface LedgerOptions {
  readonly url: string;
  readonly pool: PostgresPool;
  readonly clock: Clock;
  readonly log: Logger;
  /** Owner of the first lease of outbox rows; unique among running daemons. */
  readonly daemonId: number;
  /** The demo clock's distance from the database's. */
  offsetMs(): number;
  /** Proof of delivery of this daemon's own SMPP sessions. */
  provedUntil(sessionId: string): number;
  onOutbox(rows: readonly LeasedOutbox[]): void;
  /** What movements of points tell their owners; nothing when absent. */
  readonly factsOf?: FactsOf;
  /** Until when activity lets a member's points live on; undefined where it does not. */
  readonly activeUntil?: DecideContext['activeUntil'];
  /** Whether anything new may be posted; always when absent. */
  intakeOpen?: () => boolean;
  /** Called after a commit that wrote notices. */
  onNotices?: () => void;
  readonly lanes?: number;
  readonly batchMax?: number;
  readonly liveMax?: number;
  readonly patienceMs?: number;
}

export const OUTBOX_LEASE_MS = 30 * SECOND_MS;

export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const serials = await createSerials(options.pool);
  const classes = await loadLotClasses(options.pool);
  const { lanes, batchMax, liveMax, patienceMs } = { ...POSTER_DEFAULTS, ...options };
  const poster = createPoster({
    lanes,
    batchMax,
    liveMax,
    intakeOpen: options.intakeOpen ?? (() => true),
    patienceMs,
    pipeline: {
      url: options.url,
      applicationName: 'bonusgate ledger',
      connectTimeoutMs: 5_000,
      queryTimeoutMs: 5_000,
    },
    clock: options.clock,
    log: options.log,
    context: {
      leaseOwner: options.daemonId,
      leaseMs: OUTBOX_LEASE_MS,
      provedUntil: (sessionId) => options.provedUntil(sessionId),
      offsetMs: () => options.offsetMs(),
      serial: () => serials.next(),
      refillSerials: () => serials.refill(),
      classOf: (id) => classes.get(id),
      reloadClasses: () => classes.reload(),
      ...(options.factsOf && { factsOf: options.factsOf }),
      activeUntil: options.activeUntil,
      onNotices: () => options.onNotices?.(),
    },
    onOutbox: (rows) => options.onOutbox(rows),
  });
  return {
    post: (operation, queue) => poster.post(operation, queue),
    classes,
    healthy: () => poster.healthy(),
    close: (deadlineMs) => poster.close(deadlineMs),
  };
}
