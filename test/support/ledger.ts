import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { openLedger, type Ledger, type LedgerOptions } from '../../src/ledger/ledger.ts';
import { EARNED } from '../../src/ledger/lot-classes.ts';
import { walletOf } from '../../src/ledger/keys.ts';
import type { Operation, Posted, RequestIdentity } from '../../src/ledger/operation.ts';
import type { LeasedOutbox, Verdict } from '../../src/ledger/records.ts';
import { openWallet } from '../../src/ledger/store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { PostgresPool } from '../../src/storage/postgres.ts';
import type { TestDatabase } from './database.ts';

export const quietLog = pino({ level: 'silent' });

/** A ledger on a test database whose time can be moved and whose outbox can be looked at. */
export interface TestLedger extends Ledger {
  readonly pool: PostgresPool;
  readonly earned: number;
  readonly outbox: LeasedOutbox[];
  /** Moves the ledger's clock. */
  advance(ms: number): void;
  /** Posts with a fresh request, or the one given. */
  run(part: Pick<Operation, 'keys' | 'decide'>, request?: Partial<RequestIdentity>): Promise<Verdict>;
}

export async function openTestLedger(
  db: TestDatabase,
  options: Partial<LedgerOptions> = {},
): Promise<TestLedger> {
  let offset = 0;
  const outbox: LeasedOutbox[] = [];
  const ledger = await openLedger({
    url: db.url,
    pool: db.pool,
    clock: systemClock(),
    log: quietLog,
    daemonId: 1,
    offsetMs: () => offset,
    provedUntil: () => 0,
    onOutbox: (rows) => void outbox.push(...rows),
    ...options,
  });
  const earned = await ledger.classes.intern(EARNED);
  return {
    ...ledger,
    pool: db.pool,
    earned: earned.id,
    outbox,
    advance: (ms) => void (offset += ms),
    run: async (part, request = {}) =>
      verdictOf(await ledger.post({ ...part, request: { ...newRequest(), ...request } })),
  };
}

export function newRequest(): RequestIdentity {
  const key = randomBytes(16);
  return {
    home: key.readUInt16BE(0) % 1024,
    key,
    contentHash: Buffer.alloc(16),
    trace: key,
    channel: 5,
    actor: 'test',
    operation: 'test',
  };
}

export function verdictOf(posted: Posted): Verdict {
  if (posted.kind === 'duplicate') throw new Error('duplicate MO');
  return posted.verdict;
}

export async function openWallets(pool: PostgresPool, subscribers: readonly number[]): Promise<void> {
  for (const subscriber of subscribers) await openWallet(pool, BigInt(subscriber), Date.now());
}

export const wallet = (subscriber: number) => walletOf(subscriber);
