import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Terminal } from '../../simulators/phone/terminal.ts';
import type * as terminalPhone from '../../simulators/phone/terminal.ts';
import { stateFolder } from './daemon-call.ts';
import { DemoState } from './demo-state.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { print } from './output.ts';

interface Options {
  readonly from: string;
  readonly to?: string;
  readonly json?: boolean;
}

const ANNA = '79160000001';

/** `bonusgate phone ...`: the handset of the running demo, from a terminal. */
export function addPhoneCommands(program: Command): void {
  const phone = program.command('phone').description('a handset of the running demo');
  const handset = (name: string, description: string): Command =>
    phone
      .command(name)
      .description(description)
      .option('--from <msisdn>', 'whose handset', ANNA)
      .option('--json', 'print JSON');
  handset('sms', 'send a message and print the reply')
    .argument('<text...>')
    .option('--to <shortCode>')
    .action((words: string[], options: Options) =>
      use(async (tools, url, terminal) =>
        tools.phoneSms({ url, ...options, text: words.join(' ') }, terminal),
      ),
    );
  handset('ussd', 'dial a code, give the answers in turn, then ask for more')
    .argument('[code]', 'for example "*100#"')
    .argument('[answers...]')
    .action((code: string | undefined, answers: string[], options: Options) =>
      use((tools, url, terminal) =>
        tools.phoneUssd({ url, ...options, answers, ...(code !== undefined && { code }) }, terminal),
      ),
    );
  handset('call', 'call the voice menu and press keys at each question')
    .argument('[keys...]', 'for example 1, or a PIN with its hash: "2580#"')
    .option('--to <number>')
    .action((keys: string[], options: Options) =>
      use((tools, url, terminal) => tools.phoneCall({ url, ...options, keys }, terminal)),
    );
  handset('browse', 'open an address through the DPI')
    .argument('<url>', 'for example http://books.example/')
    .action((address: string, options: Options) =>
      use((tools, url, terminal) => tools.phoneBrowse({ url, ...options, address }, terminal)),
    );
  handset('buy', 'buy something at the bookshop, which gives points of its own')
    .argument('<roubles>', 'for example 1250')
    .action((roubles: string, options: Options) => atTill('buy', wholeNumber(roubles) * 100, options));
  handset('pay', 'pay at the bookshop with points')
    .argument('<points>', 'for example 40')
    .action((points: string, options: Options) => atTill('pay', wholeNumber(points), options));
}

function atTill(what: 'buy' | 'pay', amount: number, options: Options): Promise<void> {
  return use((tools, url, terminal) => tools.phoneTill({ url, ...options, what, amount }, terminal));
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new CliError(`write a whole number, for example 40`, EXIT.usage);
  return Number(text);
}

type Tools = Pick<typeof terminalPhone, 'phoneSms' | 'phoneUssd' | 'phoneCall' | 'phoneBrowse' | 'phoneTill'>;

async function use(run: (tools: Tools, url: string, terminal: Terminal) => Promise<boolean>): Promise<void> {
  const tools = await import('../../simulators/phone/terminal.ts');
  const url = new DemoState(stateFolder()).phoneUrl ?? 'http://127.0.0.1:8090/phone';
  const lines = process.stdin.isTTY
    ? createInterface({ input: process.stdin, output: process.stdout })
    : undefined;
  const terminal: Terminal = {
    write: print,
    ...(lines && { ask: (prompt: string) => lines.question(prompt) }),
  };
  try {
    if (!(await run(tools, url, terminal))) process.exitCode = EXIT.failed;
  } finally {
    lines?.close();
  }
}
