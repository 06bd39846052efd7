import { newTraceId } from '../src/runtime/ids.ts';
import { instant } from '../src/values/instant.ts';
import { parseMsisdn } from '../src/values/msisdn.ts';
import { msisdnOf, withEarning, type EarningBench, type Progress } from './earning/setup.ts';
import { loadAverage, quantile, round } from './harness.ts';

/** `BENCH_MEMBERS=1000000` for the million. */
const MEMBERS = Number(process.env['BENCH_MEMBERS'] ?? 100_000);
const LIVE_EVERY_MS = 10;

const RULES = [
  { code: 'tenure', priority: 1, points: 'min(tenure_months / 12 * 50, 500)' },
  { code: 'spend', priority: 2, when: 'average_spend >= 50000', points: 'monthly_spend * 5 / 10000' },
  { code: 'punctual', priority: 3, when: 'late_payments == 0', points: 'share_ppm(awarded, 200000)' },
  { code: 'large', priority: 4, group: 'size', when: 'monthly_spend > 100000', points: '30' },
  { code: 'middle', priority: 5, group: 'size', when: 'monthly_spend > 60000', points: '10' },
].map((rule) => ({ ...rule, on: 'assessment' }));

/** All members by five rules through the bulk queue, while live events are answered. */
export function benchAssess(progress: Progress): Promise<Record<string, number>> {
  return withEarning(MEMBERS, RULES, progress, async (bench) => {
    const live = liveEvents(bench);
    await live.warmUp();
    const memory = memoryWatch();
    progress(`assessing ${String(MEMBERS)} members`);
    live.start();
    const start = performance.now();
    const actor = { name: 'bench', scopes: [], trace: newTraceId() };
    await bench.earning.api.rules.assess(actor, instant(Date.now()));
    await bench.earning.chores();
    const seconds = (performance.now() - start) / 1_000;
    const latencies = await live.stop();
    const grown = memory();
    const [run] = await bench.earning.api.rules.assessments();
    const [rows] = await bench.pool.query<{ results: bigint; awards: bigint }>(
      `select (select count(*) from assessment_result) as results,
        (select count(*) from award where source = 'assessment') as awards`,
    );
    if (run?.state !== 'done' || rows!.results !== BigInt(MEMBERS)) throw new Error('members are missing');
    return {
      members_per_s: Math.round(MEMBERS / seconds),
      rss_growth_mb: round(grown, 1),
      live_p50_ms: round(quantile(latencies, 0.5)),
      live_p99_ms: round(quantile(latencies, 0.99)),
      live_events: latencies.length,
      awards_per_member: round(Number(rows!.awards) / MEMBERS),
      load_avg: loadAverage(),
    };
  });
}

function liveEvents({ earning, members }: EarningBench) {
  let serial = 0;
  const actor = { name: 'live', scopes: [], trace: newTraceId() };
  const latencies: number[] = [];
  const calls: Promise<void>[] = [];
  let timer: NodeJS.Timeout | undefined;
  const one = async (): Promise<void> => {
    const began = performance.now();
    const now = instant(Date.now());
    const msisdn = parseMsisdn(msisdnOf(1 + ((++serial * 7_919) % members)));
    const amount = { minor: 5_000n, currency: 'RUB' };
    const id = `live-${String(serial)}`;
    const [result] = await earning.recordEvents(actor, [
      { id, type: 'purchase', msisdn, amount, occurredAt: now },
    ]);
    if (result?.kind !== 'recorded') throw new Error('a live event was not recorded');
    latencies.push(performance.now() - began);
  };
  return {
    warmUp: async () => {
      for (let turn = 0; turn < 200; turn++) await one();
      latencies.length = 0;
    },
    start: () => void (timer = setInterval(() => calls.push(one()), LIVE_EVERY_MS)),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(calls);
      return latencies;
    },
  };
}

/** Highest resident memory above the one at the beginning, in MB. */
function memoryWatch(): () => number {
  const before = process.memoryUsage.rss();
  let highest = before;
  const timer = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), 50);
  return () => {
    clearInterval(timer);
    return (highest - before) / 2 ** 20;
  };
}
