import { CliError, EXIT } from './exit-codes.ts';
import { print, toText } from './output.ts';

/** Runs a benchmark; progress goes to standard error, the figures to standard output. */
export async function runBench(name: string, json: boolean): Promise<void> {
  if (name !== 'ledger') throw new CliError(`no benchmark "${name}"; there is: ledger`, EXIT.usage);
  const { benchLedger } = await import('../../bench/ledger.ts');
  const figures = await benchLedger((text) => process.stderr.write(`${text}\n`));
  print(json ? JSON.stringify({ bench: name, ...figures }) : toText(figures));
}
