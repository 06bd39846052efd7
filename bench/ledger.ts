import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { IntakeFull } from '../src/errors.ts';
import { openLedger, type Ledger } from '../src/ledger/ledger.ts';
import { EARNED } from '../src/ledger/lot-classes.ts';
import { packLots, type Lot } from '../src/ledger/lots.ts';
import type { Placed } from '../src/ledger/decide/hold.ts';
import type { Operation } from '../src/ledger/operation.ts';
import { auditLedger } from '../src/ledger/store.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { startEmbeddedPostgres } from '../src/storage/embedded-postgres.ts';
import { migrate } from '../src/storage/migrate.ts';
import { createPool, POSTGRES_DEFAULTS, type PostgresPool } from '../src/storage/postgres.ts';
import { DAY_MS } from '../src/values/instant.ts';
import {
  BUSY_SERVER,
  childrenCpuUs,
  closedLoop,
  loadAverage,
  median,
  ownCpuUs,
  parentOf,
  quantile,
  round,
  type Loop,
} from './harness.ts';
import { createNaive } from './ledger/naive.ts';
import { createOneCall } from './ledger/one-call.ts';
import { createRaw, RAW_ROWS } from './ledger/raw.ts';
import { newTally, type Tally } from './ledger/tally.ts';
import { createWorkload, type Workload } from './ledger/workload.ts';

const ACCOUNTS = 100_000;
/** Extra accounts, ten thousand for each number of lots that is looked at. */
const LOT_GROUPS = [2, 12, 48] as const;
const GROUP = 10_000;
const ROUNDS = 5;
const IN_FLIGHT = 512;
const SESSION = '00000000-0000-4000-8000-000000000001';

export type Progress = (text: string) => void;

/**
 * The ledger against one transaction per operation, one function call per operation and the bare rows.
 *
 * All four write the full commit shape and are interleaved in one run on a private server with fsync on. Afterwards
 * every row is counted and the ledger is audited: a fast run that lost a row throws.
 */
export async function benchLedger(progress: Progress): Promise<Record<string, number>> {
  const home = await mkdtemp(path.join(tmpdir(), 'bonusgate-bench-'));
  const log = pino({ level: 'silent' });
  progress('starting a private Postgres with fsync on');
  const server = await startEmbeddedPostgres({
    ...{ home, fsync: true, settings: BUSY_SERVER },
    ...{ clock: systemClock(), log },
  });
  try {
    await migrate(server.url);
    const pool = createPool(
      { ...POSTGRES_DEFAULTS, url: server.url, queryTimeoutMs: 60_000 },
      () => undefined,
    );
    try {
      return await measure(server.url, pool, progress);
    } finally {
      await pool.end();
    }
  } finally {
    await server.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function measure(url: string, pool: PostgresPool, progress: Progress): Promise<Record<string, number>> {
  progress(`opening ${String(ACCOUNTS)} accounts`);
  const ledger = await openLedger({
    url,
    pool,
    clock: systemClock(),
    log: pino({ level: 'silent' }),
    daemonId: 1,
    offsetMs: () => 0,
    provedUntil: () => 0,
    onOutbox: () => undefined,
  });
  const classId = (await ledger.classes.intern(EARNED)).id;
  await openAccounts(pool, classId);
  const workload = createWorkload(1, ACCOUNTS, classId, SESSION);
  const tally = newTally();
  const step = (from: Workload) => (): Promise<void> => postOne(ledger, from, tally);
  await closedLoop(IN_FLIGHT, 500, step(workload));
  const figures = await compare({ url, pool, ledger, tally, progress, step: step(workload) });
  progress('open loop at 4000 operations per second');
  const { latencies, full } = await openLoop(4_000, 3_000, step(workload));
  const perLots: Record<string, number> = {};
  for (const [index, lots] of LOT_GROUPS.entries()) {
    const group = createWorkload(ACCOUNTS + 1 + index * GROUP, GROUP, classId, SESSION);
    const loop = await closedLoop(IN_FLIGHT, 1_000, step(group));
    perLots[`ops_per_s_lots_${String(lots)}`] = Math.round(loop.perSecond);
  }
  await ledger.close(5_000);
  progress('counting every row');
  await verify(pool, tally);
  return {
    ...figures,
    open_loop_4k_p50_ms: round(quantile(latencies, 0.5)),
    open_loop_4k_p99_ms: round(quantile(latencies, 0.99)),
    open_loop_4k_full: full,
    ...perLots,
    rounds: ROUNDS,
    load_avg: loadAverage(),
  };
}

async function postOne(ledger: Ledger, workload: Workload, tally: Tally): Promise<void> {
  const operation = workload.next();
  const result = await ledger.post(operation);
  if (result.kind !== 'posted' || result.verdict.kind !== 'done') {
    throw new Error(`an operation was not done: ${result.kind}`);
  }
  const data = result.verdict.data as object;
  if ('hold' in data) workload.placed(data as Placed);
  count(tally, operation, data);
}

/** What an operation must have left behind, told from its answer alone. */
function count(tally: Tally, operation: Operation, data: object): void {
  const moves = 'hold' in data ? 0 : 'captured' in data ? Number(data.captured) : 1;
  tally.requests += 1;
  tally.outbox += 1;
  tally.mos += operation.request.mo === undefined ? 0 : 1;
  tally.holds += 'hold' in data ? 1 : 0;
  tally.transfers += moves;
  tally.postings += 'fee' in data ? 2 : moves;
}

interface Contest {
  readonly url: string;
  readonly pool: PostgresPool;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly progress: Progress;
  readonly step: () => Promise<void>;
}

async function compare({
  url,
  pool,
  ledger,
  tally,
  progress,
  step,
}: Contest): Promise<Record<string, number>> {
  let nextSerial = 2 ** 40;
  const serial = (): number => nextSerial++;
  const naiveWork = createWorkload(1, ACCOUNTS, (await ledger.classes.intern(EARNED)).id, SESSION);
  const naive = createNaive(url, 8, serial, (id) => ledger.classes.get(id));
  const oneCall = await createOneCall(url, 8, ACCOUNTS, SESSION);
  const raw = await createRaw(url, 2, serial, SESSION);
  const rounds: { ours: Loop; naive: number; oneCall: number; raw: number; cpu: number; wal: number }[] = [];
  const [row] = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  const postmaster = await parentOf(row!.pid);
  const cpuNow = async (): Promise<number> => ownCpuUs() + (await childrenCpuUs(postmaster));
  await pool.query('checkpoint');
  for (let turn = 1; turn <= ROUNDS; turn++) {
    progress(`round ${String(turn)} of ${String(ROUNDS)}`);
    const before = { cpu: await cpuNow(), wal: await walPosition(pool) };
    const ours = await closedLoop(IN_FLIGHT, 1_000, step);
    const cpu = ((await cpuNow()) - before.cpu) / ours.done;
    const wal = ((await walPosition(pool)) - before.wal) / ours.done;
    const n = await closedLoop(8, 1_000, () => naive.post(naiveWork.next(), tally));
    const o = await closedLoop(8, 1_000, () => oneCall.post(serial, tally));
    const r = await closedLoop(2, 1_000, () => raw.write(tally));
    rounds.push({ ours, naive: n.perSecond, oneCall: o.perSecond, raw: r.perSecond * RAW_ROWS, cpu, wal });
  }
  await Promise.all([naive.end(), oneCall.end(), raw.end()]);
  const ratio = (of: 'naive' | 'oneCall' | 'raw'): number =>
    round(median(rounds.map((one) => one.ours.perSecond / one[of])));
  return {
    ops_per_s: Math.round(median(rounds.map((one) => one.ours.perSecond))),
    ratio_naive: ratio('naive'),
    ratio_one_call: ratio('oneCall'),
    ratio_raw_insert: ratio('raw'),
    naive_per_s: Math.round(median(rounds.map((one) => one.naive))),
    one_call_per_s: Math.round(median(rounds.map((one) => one.oneCall))),
    raw_per_s: Math.round(median(rounds.map((one) => one.raw))),
    cpu_us_per_op: round(median(rounds.map((one) => one.cpu)), 1),
    wal_bytes_per_op: Math.round(median(rounds.map((one) => one.wal))),
  };
}

async function walPosition(pool: PostgresPool): Promise<number> {
  const rows = await pool.query<{ at: string }>(`select (pg_current_wal_lsn() - '0/0'::pg_lsn)::text as at`);
  return Number(rows[0]!.at);
}

/**
 * Fixed arrivals, whatever the ledger does: what a caller sees who does not wait for others. On a machine that cannot
 * keep up some are answered "intake full" at once; they are counted apart.
 */
async function openLoop(
  perSecond: number,
  ms: number,
  step: () => Promise<void>,
): Promise<{ latencies: number[]; full: number }> {
  const latencies: number[] = [];
  let full = 0;
  const calls: Promise<void>[] = [];
  const start = performance.now();
  const call = async (): Promise<void> => {
    const began = performance.now();
    try {
      await step();
      latencies.push(performance.now() - began);
    } catch (error) {
      if (!(error instanceof IntakeFull)) throw error;
      full += 1;
    }
  };
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = Math.min(performance.now() - start, ms);
      while (calls.length < (elapsed * perSecond) / 1000) calls.push(call());
      if (elapsed < ms) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(calls);
  return { latencies, full };
}

/** Points for the whole run come as one booked opening transfer per account, so that the audit holds. */
async function openAccounts(pool: PostgresPool, classId: number): Promise<void> {
  let first = 1;
  for (const [count, lots] of [
    [ACCOUNTS, 2],
    ...LOT_GROUPS.map((number) => [GROUP, number] as const),
  ] as const) {
    const packed = packLots(manyLots(lots, classId));
    await pool.query(
      `insert into account (home, id, role, balance, lots)
        select i % 1024, i::bigint * 16, 1, 960000, $3 from generate_series($1::int, $2::int) i`,
      [first, first + count - 1, packed],
    );
    await pool.query(
      `with opening as (insert into transfer
          select i % 1024, i, 1, -1, i::bigint * 16, 960000, '', 0, '', 'opening', now()
          from generate_series($1::int, $2::int) i returning home, dst, id)
        insert into posting select home, dst, home, id, 960000, 960000 from opening`,
      [first, first + count - 1],
    );
    first += count;
  }
  await pool.query(
    `insert into smpp_session (id, smsc, bind, started_at, proved_until) values ($1, 'main', 'a', now(), now())`,
    [SESSION],
  );
  // Serials of the openings are spent.
  await pool.query(`select setval('ledger_serial', 1000000)`);
  await pool.query('vacuum analyze');
}

function manyLots(count: number, classId: number): Lot[] {
  const points = BigInt(960_000 / count);
  const firstExpiry = Math.ceil(Date.now() / DAY_MS) * DAY_MS;
  return Array.from({ length: count }, (_, index) => ({
    ...{ classId, activeFrom: 0, points, origin: 0 },
    expires: firstExpiry + (index + 1) * 30 * DAY_MS,
  }));
}

/** Counts every kind of row against what the answers promised, then audits the ledger itself. */
async function verify(pool: PostgresPool, tally: Tally): Promise<void> {
  const openings = BigInt(ACCOUNTS + LOT_GROUPS.length * GROUP);
  const [rows] = await pool.query<Record<keyof Tally, bigint>>(
    `select (select count(*) from request) as requests, (select count(*) from transfer) as transfers,
      (select count(*) from posting) as postings, (select count(*) from hold) as holds,
      (select count(*) from mo) as mos, (select count(*) from outbox) as outbox`,
  );
  for (const [kind, expected] of Object.entries(tally) as [keyof Tally, number][]) {
    const opening = kind === 'transfers' || kind === 'postings' ? openings : 0n;
    if (rows![kind] !== BigInt(expected) + opening) {
      throw new Error(
        `${kind}: ${String(rows![kind])} rows, but ${String(BigInt(expected) + opening)} were answered`,
      );
    }
  }
  const { sum, balanceMismatches, lotMismatches, holdMismatches } = await auditLedger(pool);
  if (sum !== 0n || balanceMismatches + lotMismatches + holdMismatches !== 0n) {
    throw new Error(
      `the ledger is unsound: ${[sum, balanceMismatches, lotMismatches, holdMismatches].join(' ')}`,
    );
  }
}
