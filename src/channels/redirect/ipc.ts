import type { CashbackChange, ShownRecord, SnapshotChunk } from '../../cashback/changes.ts';
import type { IcapConfig } from '../../runtime/config/icap.ts';
import type { ReturnKey } from '../../runtime/config/cashback.ts';
import type { RedirectPolicy } from './decide.ts';

/** All that a worker is told at its start and after a reload. The only secret in it is the return-URL key. */
export interface WorkerSettings {
  readonly icap: IcapConfig;
  readonly policy: RedirectPolicy;
  readonly returnKeys: readonly ReturnKey[];
  readonly logLevel: string;
  /** The database is away, and with it the offer page: whatever would be redirected passes. */
  readonly paused: boolean;
  /** Milliseconds that the daemon's clock is ahead of the machine's (the demo's "ninety days later"). */
  readonly clockOffsetMs: number;
}

/** What the daemon sends to an ICAP worker, in this order per worker; a socket travels as the handle of `socket`. */
export type ToWorker =
  | { readonly type: 'settings'; readonly settings: WorkerSettings }
  /** A new snapshot begins; changes after `version` will follow as deltas. */
  | { readonly type: 'snapshot-begin'; readonly version: number }
  | { readonly type: 'snapshot-chunk'; readonly chunk: SnapshotChunk }
  | { readonly type: 'snapshot-end' }
  | { readonly type: 'delta'; readonly version: number; readonly changes: readonly CashbackChange[] }
  | { readonly type: 'socket'; readonly overLimit: boolean }
  | { readonly type: 'stop'; readonly timeoutMs: number };

/** Counters of a worker since its last report: `[name, label, count]`, and latency buckets. */
export interface WorkerReport {
  readonly counts: readonly (readonly [name: string, label: string, count: number])[];
  readonly latencies: readonly {
    readonly name: 'decision' | 'answer';
    readonly buckets: readonly number[];
    readonly sumS: number;
  }[];
}

/** What an ICAP worker sends to the daemon. */
export type FromWorker =
  | { readonly type: 'ready' }
  /** The chunk is loaded, the next one may come. */
  | { readonly type: 'chunk-ack' }
  | { readonly type: 'snapshot-ack' }
  | { readonly type: 'delta-ack'; readonly version: number }
  /** A delta is missing: everything anew, please. */
  | { readonly type: 'gap' }
  | { readonly type: 'shown'; readonly records: readonly ShownRecord[] }
  | { readonly type: 'closed' }
  | { readonly type: 'report'; readonly report: WorkerReport };

/** Upper bounds of the latency buckets, in seconds; one more bucket holds what is slower. */
export const LATENCY_BOUNDS_S = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1,
];
