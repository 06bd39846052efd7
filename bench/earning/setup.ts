import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { openEarning, type Earning } from '../../src/daemon/earning.ts';
import { openLedger, type Ledger } from '../../src/ledger/ledger.ts';
import { auditLedger } from '../../src/ledger/store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { earningConfig } from '../../src/runtime/config/earning.ts';
import { programmeConfig } from '../../src/runtime/config/programme.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import { startEmbeddedPostgres } from '../../src/storage/embedded-postgres.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { createPool, POSTGRES_DEFAULTS, type PostgresPool } from '../../src/storage/postgres.ts';
import { createNumberResolver } from '../../src/subscribers/resolve.ts';
import { findSubscriber } from '../../src/subscribers/store.ts';
import { BUSY_SERVER } from '../harness.ts';

export type Progress = (text: string) => void;

export interface EarningBench {
  readonly pool: PostgresPool;
  readonly ledger: Ledger;
  readonly earning: Earning;
  readonly members: number;
}

/** The MSISDN of a member of the benchmark. */
export function msisdnOf(member: number): string {
  return `79${String(member).padStart(9, '0')}`;
}

/** A private server with fsync on and many members with parameters; the ledger is audited afterwards. */
export async function withEarning<T>(
  members: number,
  rules: readonly object[],
  progress: Progress,
  measure: (bench: EarningBench) => Promise<T>,
): Promise<T> {
  const home = await mkdtemp(path.join(tmpdir(), 'bonusgate-bench-'));
  const log = pino({ level: 'silent' });
  const clock = systemClock();
  progress('starting a private Postgres with fsync on');
  const server = await startEmbeddedPostgres({ home, fsync: true, settings: BUSY_SERVER, clock, log });
  try {
    await migrate(server.url);
    const pool = createPool(
      { ...POSTGRES_DEFAULTS, url: server.url, queryTimeoutMs: 120_000 },
      () => undefined,
    );
    progress(`registering ${String(members)} members`);
    await registerMembers(pool, members);
    const ledger = await openLedger({
      ...{ url: server.url, pool, clock, log, daemonId: 1 },
      offsetMs: () => 0,
      provedUntil: () => 0,
      onOutbox: () => undefined,
    });
    const config = { programme: programmeConfig.parse({}), earning: earningConfig.parse({}) };
    const earning = await openEarning({
      ...{ pool, ledger, clock, log, daemonId: 1, config: () => config },
      subscribers: {
        resolveNumber: createNumberResolver(pool),
        findSubscriber: (id) => findSubscriber(pool, id),
      },
    });
    try {
      await publish(earning, rules);
      const result = await measure({ pool, ledger, earning, members });
      await verify(pool);
      return result;
    } finally {
      earning.close();
      await ledger.close(5_000);
      await pool.end();
    }
  } finally {
    await server.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function registerMembers(pool: PostgresPool, members: number): Promise<void> {
  for (const statement of [
    `insert into subscriber (id, language, zone, status, registered_at)
      select i, 'en', 'Europe/Moscow', 'active', now() - interval '1 day' * (100 + i % 2000)
        from generate_series(1, ${String(members)}) i`,
    `insert into number (msisdn, subscriber, valid_from)
      select '79' || lpad(i::text, 9, '0'), i, now() - interval '100 days' from generate_series(1, ${String(members)}) i`,
    `insert into account (home, id, role)
      select i % 1024, i::bigint * 16, 1 from generate_series(1, ${String(members)}) i`,
    `insert into parameter_value (subscriber, code, as_of, value, source, recorded_at)
      select i, p.code, now() - interval '1 day', ((i * p.factor) % p.bound)::text, 'bench', now()
        from generate_series(1, ${String(members)}) i,
          (values ('average_spend', 37, 90000), ('monthly_spend', 41, 150000), ('late_payments', 1, 3))
            p(code, factor, bound)`,
    'vacuum analyze',
  ]) {
    await pool.query(statement);
  }
}

async function publish(earning: Earning, rules: readonly object[]): Promise<void> {
  const actor = { name: 'bench', scopes: [], trace: newTraceId() };
  const document = { rules: rules.map((rule) => ({ ...rule, examples: [{ points: 0 }] })) };
  const version = await earning.api.rules.draft(actor, document);
  await earning.api.rules.replay(version, 1);
  await earning.api.rules.publish(actor, version);
}

async function verify(pool: PostgresPool): Promise<void> {
  const { sum, balanceMismatches, lotMismatches, holdMismatches } = await auditLedger(pool);
  if (sum !== 0n || balanceMismatches + lotMismatches + holdMismatches !== 0n) {
    throw new Error(
      `the ledger is unsound: ${[sum, balanceMismatches, lotMismatches, holdMismatches].join(' ')}`,
    );
  }
}
