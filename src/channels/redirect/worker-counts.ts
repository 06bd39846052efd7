import { LATENCY_BOUNDS_S, type WorkerReport } from './ipc.ts';

/** What the ICAP wire reports; structurally the observer of the wire, which this side of the code does not know. */
interface Observer {
  answered(outcome: string, seconds: number): void;
  decided(seconds: number): void;
  parseError(kind: string): void;
  deadlineCut(kind: string): void;
  connection(change: 1 | -1): void;
  connectionRefused(): void;
}

/** Counts of one worker process, summed up until the parent takes them into the daemon's registry. */
export function createWorkerCounts(): { readonly observer: Observer; take(): WorkerReport | undefined } {
  const counts = new Map<string, number>();
  const latencies = { decision: emptyLatency(), answer: emptyLatency() };
  const count = (name: string, label = '') => {
    const key = `${name} ${label}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  return {
    observer: {
      answered: (outcome, seconds) => {
        count('request', outcome);
        observe(latencies.answer, seconds);
      },
      decided: (seconds) => observe(latencies.decision, seconds),
      parseError: (kind) => count('parse_error', kind),
      deadlineCut: (kind) => count('deadline', kind),
      // The parent hands connections out and knows how many there are.
      connection: () => undefined,
      connectionRefused: () => count('refused'),
    },
    take: () => {
      if (counts.size === 0) return undefined;
      const report: WorkerReport = {
        counts: [...counts].map(([key, value]) => {
          const [name, label] = key.split(' ') as [string, string];
          return [name, label, value] as const;
        }),
        latencies: (['decision', 'answer'] as const).map((name) => ({ name, ...latencies[name] })),
      };
      counts.clear();
      latencies.decision = emptyLatency();
      latencies.answer = emptyLatency();
      return report;
    },
  };
}

interface Latency {
  readonly buckets: number[];
  sumS: number;
}

function emptyLatency(): Latency {
  return { buckets: new Array<number>(LATENCY_BOUNDS_S.length + 1).fill(0), sumS: 0 };
}

function observe(latency: Latency, seconds: number): void {
  let bucket = 0;
  while (bucket < LATENCY_BOUNDS_S.length && seconds > LATENCY_BOUNDS_S[bucket]!) bucket++;
  latency.buckets[bucket]! += 1;
  latency.sumS += seconds;
}
