import { CliError, EXIT } from './exit-codes.ts';
import { print, toText } from './output.ts';

type Bench = (progress: (text: string) => void) => Promise<Record<string, number>>;

/** Loaded only when asked for: a benchmark brings a server of its own. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  ledger: async () => (await import('../../bench/ledger.ts')).benchLedger,
  earn: async () => (await import('../../bench/earn.ts')).benchEarn,
  assess: async () => (await import('../../bench/assess.ts')).benchAssess,
  rules: async () => (await import('../../bench/rules.ts')).benchRules,
};

/** Runs a benchmark; progress goes to standard error, the figures to standard output. */
export async function runBench(name: string, json: boolean): Promise<void> {
  const load = BENCHES[name];
  if (load === undefined) {
    throw new CliError(`no benchmark "${name}"; there are: ${Object.keys(BENCHES).join(', ')}`, EXIT.usage);
  }
  const bench = await load();
  const figures = await bench((text) => process.stderr.write(`${text}\n`));
  print(json ? JSON.stringify({ bench: name, ...figures }) : toText(figures));
}
