import type { Command } from 'commander';
import { callDaemon, showFromDaemon } from './daemon-call.ts';
import { print, toJson, toText } from './output.ts';

interface Options {
  readonly from: string;
  readonly to: string;
  readonly source: string;
  readonly reason: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `bonusgate awards cancel`: takes back what a rule gave by mistake. */
export function addAwardCommands(program: Command): void {
  program
    .command('awards')
    .description('points given by rules')
    .command('cancel')
    .description('take back what a rule gave within a time; interrupted, the same command goes on')
    .argument('<name>', 'of the rule, as in its rule set')
    .requiredOption('--from <time>', 'for example 2026-01-01T00:00:00+03:00')
    .requiredOption('--to <time>', 'not included')
    .option('--source <source>', 'rule, assessment, scenario or campaign', 'rule')
    .requiredOption('--reason <text>', 'why, for members and the audit')
    .option('--dry-run', 'only say what it would take back')
    .option('--json', 'print JSON')
    .action(async (reference: string, { dryRun, json, reason, ...rest }: Options) => {
      const selection = { reference, ...rest };
      if (dryRun === true) return showFromDaemon('awards.preview', selection, { json: json === true });
      const sum = await cancelAll({ ...selection, reason });
      print(json === true ? toJson(sum) : toText(sum));
    });
}

async function cancelAll(args: object): Promise<Record<'awards' | 'points' | 'debt', string>> {
  let [awards, points, debt] = [0n, 0n, 0n];
  for (;;) {
    const done = (await callDaemon('awards.cancel', args)) as {
      readonly awards: number;
      readonly points: string;
      readonly debt: string;
      readonly more: boolean;
    };
    awards += BigInt(done.awards);
    points += BigInt(done.points);
    debt += BigInt(done.debt);
    if (!done.more) return { awards: String(awards), points: String(points), debt: String(debt) };
    process.stderr.write(`${String(awards)} awards so far\n`);
  }
}
