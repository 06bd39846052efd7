import { waitUntil } from '../../src/runtime/pause.ts';
import type { DaemonProcess } from './daemon-process.ts';

/** What a running daemon says about itself, asked the way an operator would. */

export interface Readiness {
  readonly status: number;
  /** Names of the checks that fail. */
  readonly failed: readonly string[];
}

export async function readiness({ adminUrl }: DaemonProcess): Promise<Readiness> {
  const answer = await fetch(`${adminUrl}/readyz`);
  const { checks } = (await answer.json()) as { checks: { name: string; ok: boolean }[] };
  return { status: answer.status, failed: checks.filter(({ ok }) => !ok).map(({ name }) => name) };
}

/** Waits until /readyz answers as wanted; fails with its last answer. */
export async function untilReadiness(
  daemon: DaemonProcess,
  wanted: (state: Readiness) => boolean,
): Promise<void> {
  let last: Readiness | undefined;
  const asked = async (): Promise<true | undefined> => {
    last = await readiness(daemon);
    return wanted(last) || undefined;
  };
  if ((await waitUntil(asked, { timeoutMs: 20_000, everyMs: 50 })) === undefined)
    throw new Error(`/readyz still answers ${JSON.stringify(last)}`);
}

/** The value of one sample of /metrics, written as there: `name{label="value"}`; 0 while it is absent. */
export async function metric({ adminUrl }: DaemonProcess, sample: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
  return line === undefined ? 0 : Number(line.slice(sample.length + 1));
}

/** Waits until a sample of /metrics has reached a value. */
export async function untilMetric(daemon: DaemonProcess, sample: string, value: number): Promise<void> {
  const reached = async () => (await metric(daemon, sample)) >= value || undefined;
  if ((await waitUntil(reached, { timeoutMs: 20_000, everyMs: 50 })) === undefined)
    throw new Error(`${sample} is ${String(await metric(daemon, sample))}, not ${String(value)}`);
}

/** Points that a subscriber can spend. */
export async function available(daemon: DaemonProcess, msisdn: string): Promise<number> {
  const shown = (await daemon.control('subscriber.show', { msisdn })) as { balance: { available: string } };
  return Number(shown.balance.available);
}

type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** The first line with this phrase among those after `from` characters of the log; waits for it. */
export async function untilLogged(daemon: DaemonProcess, phrase: string, from = 0): Promise<LogLine> {
  const found = (): LogLine | undefined =>
    daemon
      .log()
      .slice(from)
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine)
      .find(({ msg }) => msg === phrase);
  const line = await waitUntil(found, { timeoutMs: 20_000 });
  if (line === undefined) throw new Error(`never logged: ${phrase}\n${daemon.log().slice(from)}`);
  return line;
}
