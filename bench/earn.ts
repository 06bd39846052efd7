import { Agent, request } from 'node:http';
import { pino } from 'pino';
import { startHttp } from '../protocols/http/server.ts';
import { eventRoutes } from '../src/channels/api/events.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { httpConfig } from '../src/runtime/config/http.ts';
import { msisdnOf, withEarning, type EarningBench, type Progress } from './earning/setup.ts';
import { closedLoop, loadAverage, median, quantile, round } from './harness.ts';

const MEMBERS = 100_000;
const ROUNDS = 5;
const BATCH = 250;
const IN_FLIGHT = 4;
const OPEN_PER_S = 1_000;
const OPEN_MS = 5_000;
/** The client sends what gathered within this time. */
const GATHER_MS = 5;

const RULES = [
  { code: 'each10', on: 'purchase', priority: 1, rate: { currency: 'RUB', minorPerPoint: 1_000 } },
  {
    code: 'fuel',
    on: 'purchase',
    priority: 2,
    when: "'fuel' in labels && tenure_months >= 6",
    points: 'amount / 5000',
  },
  {
    code: 'loyal',
    on: 'purchase',
    priority: 3,
    when: 'average_spend >= 50000',
    points: 'share_ppm(awarded, 200000)',
  },
];

/** Purchases over HTTP, in batches, to committed awards; server and client share one process, the database does not. */
export function benchEarn(progress: Progress): Promise<Record<string, number>> {
  return withEarning(MEMBERS, RULES, progress, async (bench) => {
    const server = await startHttp(httpConfig.parse({ port: 0, requestsPerMinute: 10_000_000 }), {
      ...{ clock: systemClock(), log: pino({ level: 'silent' }), pages: [], version: 'bench' },
      routes: eventRoutes({ recordEvents: bench.earning.recordEvents }),
      resolveToken: () => Promise.resolve({ name: 'bench', scopes: ['events:write'] }),
    });
    try {
      return await measure(bench, server.address, progress);
    } finally {
      await server.close();
    }
  });
}

async function measure(
  { pool }: EarningBench,
  address: string,
  progress: Progress,
): Promise<Record<string, number>> {
  const client = createClient(address);
  const batch = () => client.send(Array.from({ length: BATCH }, client.next));
  await closedLoop(IN_FLIGHT, 1_000, batch);
  const rates: number[] = [];
  for (let turn = 1; turn <= ROUNDS; turn++) {
    progress(`round ${String(turn)} of ${String(ROUNDS)}`);
    rates.push((await closedLoop(IN_FLIGHT, 1_000, batch)).perSecond * BATCH);
  }
  progress(`open loop at ${String(OPEN_PER_S)} events per second`);
  const latencies = await openLoop(client);
  client.close();
  const [rows] = await pool.query<{ events: bigint; awards: bigint }>(
    'select (select count(*) from business_event) as events, (select count(*) from award) as awards',
  );
  if (rows!.events !== BigInt(client.recorded())) throw new Error('an event was lost or recorded twice');
  return {
    events_per_s: Math.round(median(rates)),
    p50_ms: round(quantile(latencies, 0.5)),
    p99_ms: round(quantile(latencies, 0.99)),
    awards_per_event: round(Number(rows!.awards) / Number(rows!.events)),
    rounds: ROUNDS,
    load_avg: loadAverage(),
  };
}

interface Client {
  readonly next: () => object;
  send(events: readonly object[]): Promise<void>;
  recorded(): number;
  close(): void;
}

function createClient(address: string): Client {
  const agent = new Agent({ keepAlive: true });
  let serial = 0;
  let recorded = 0;
  return {
    next: () => {
      serial += 1;
      return {
        id: `order-${String(serial)}`,
        type: 'purchase',
        msisdn: msisdnOf(1 + ((serial * 7_919) % MEMBERS)),
        amount: { minor: String(1_000 + (serial % 90) * 1_000), currency: 'RUB' },
        occurredAt: new Date().toISOString(),
        labels: serial % 3 === 0 ? ['fuel'] : ['food'],
      };
    },
    send: async (events) => {
      const answer = await post(agent, `${address}/v1/events/batch`, JSON.stringify({ events }));
      const { results } = JSON.parse(answer) as { results: { status: string }[] };
      const done = results.filter(({ status }) => status === 'recorded').length;
      if (done !== events.length)
        throw new Error(`only ${String(done)} of ${String(events.length)} were recorded`);
      recorded += done;
    },
    recorded: () => recorded,
    close: () => agent.destroy(),
  };
}

function post(agent: Agent, url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer bench-token' };
    const call = request(url, { agent, method: 'POST', headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`HTTP ${String(response.statusCode)}: ${text}`));
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** Events arrive evenly whatever the server does; each is timed from its arrival to the answer of its batch. */
async function openLoop(client: Client): Promise<number[]> {
  const latencies: number[] = [];
  const calls: Promise<void>[] = [];
  const start = performance.now();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = Math.min(performance.now() - start, OPEN_MS);
      const due = Math.floor((elapsed * OPEN_PER_S) / 1_000);
      if (due > sent) calls.push(timed(client, due - sent, start + (sent * 1_000) / OPEN_PER_S, latencies));
      sent = due;
      if (elapsed < OPEN_MS) return;
      clearInterval(timer);
      resolve();
    }, GATHER_MS);
  });
  await Promise.all(calls);
  return latencies;
}

async function timed(
  client: Client,
  count: number,
  firstArrival: number,
  latencies: number[],
): Promise<void> {
  await client.send(Array.from({ length: count }, client.next));
  const answered = performance.now();
  for (let index = 0; index < count; index++) {
    latencies.push(answered - firstArrival - (index * 1_000) / OPEN_PER_S);
  }
}
