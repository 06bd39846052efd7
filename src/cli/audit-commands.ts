import type { Command } from 'commander';
import { callDaemon, showFromDaemon } from './daemon-call.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { print, toJson, toText } from './output.ts';

interface Broken {
  readonly batch: string;
  readonly change: string;
  readonly row: string;
}

/** `bonusgate audit` and `bonusgate audit verify`. */
export function addAuditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description('check that the ledger sums to zero and every balance is its lots')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) => showFromDaemon('audit', {}, options));
  audit
    .command('verify')
    .description('recompute the seals over the journal; names the first row that is not as it was sealed')
    .option('--anchor <hash>', 'chain hash of an earlier verification, which must still be there')
    .option('--json', 'print JSON')
    .action(async ({ anchor }: { anchor?: string }, command: Command) => {
      // The command above has the same option and takes it wherever it stands.
      const { json } = command.optsWithGlobals<{ json?: boolean }>();
      const answer = (await callDaemon('audit.verify', anchor === undefined ? {} : { anchor })) as {
        broken?: Broken;
      };
      print(json === true ? toJson(answer) : toText(answer));
      const { broken } = answer;
      if (broken === undefined) return;
      throw new CliError(`${broken.change}: ${broken.row}, under seal ${broken.batch}`, EXIT.failed);
    });
}
