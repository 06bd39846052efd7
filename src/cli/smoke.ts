import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CliError, EXIT } from './exit-codes.ts';
import { runDemo, type RunningDemo } from './demo.ts';
import { freePorts } from './demo-ports.ts';
import { JOURNEYS } from './journeys.ts';
import { print, table, toJson } from './output.ts';

interface Step {
  readonly journey: string;
  readonly result: 'ok' | 'failed';
  readonly told: string;
}

/**
 * Starts everything on free ports in a folder of its own, makes one journey per channel, audits the ledger and prints
 * a table.
 *
 * @throws CliError when a journey failed or the ledger does not add up
 */
export async function runSmoke(options: { version: string; json: boolean }): Promise<void> {
  const steps: Step[] = [];
  const home = await mkdtemp(path.join(tmpdir(), 'bonusgate-smoke-'));
  const code = await runDemo({
    home,
    ports: await freePorts(),
    reset: true,
    version: options.version,
    logLevel: 'error',
    msPerWord: 1,
    onReady: async (demo) => {
      for (const [journey, travel] of Object.entries(JOURNEYS))
        steps.push(await attempt(journey, travel, demo));
    },
  }).finally(() => rm(home, { recursive: true, force: true }));
  const failed = steps.filter((step) => step.result === 'failed').length;
  print(
    options.json
      ? toJson({ steps, ok: steps.length - failed, failed })
      : table(
          ['journey', 'result', 'what was told'],
          steps.map((step) => [step.journey, step.result, step.told]),
        ),
  );
  const complete = steps.length === Object.keys(JOURNEYS).length;
  if (failed > 0 || code !== 0 || !complete) throw new CliError('smoke test failed', EXIT.failed);
}

async function attempt(
  journey: string,
  travel: (demo: RunningDemo) => Promise<string>,
  demo: RunningDemo,
): Promise<Step> {
  try {
    return { journey, result: 'ok', told: await travel(demo) };
  } catch (error) {
    return { journey, result: 'failed', told: error instanceof Error ? error.message : String(error) };
  }
}
