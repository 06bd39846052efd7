import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { waitUntil } from '../../src/runtime/pause.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { commandsOf, snippetsOf, wordsOf } from './markdown.ts';

/** How README calls the program; here the sources are run instead of a build. */
const PREFIX = 'npm run -s bonusgate -- ';
const PROGRAM = ['--import', 'tsx', 'src/main.ts'];

/** The words that matter in the answer to each command of the tour. */
const ANSWERS: Readonly<Record<string, readonly RegExp[]>> = {
  'phone sms --from 79160000001 BALANCE': [/You have 500 points/],
  'phone sms --from 79160000001 TRANSFER 79160000002 50': [
    /Send 50 points to \+79160000002\?/,
    /reply \d{4}/,
  ],
  'phone ussd --from 79160000001 "*100#" 1': [/1 Balance/, /You have \d+ points/],
  'phone call --from 79160000001 1': [/Welcome to the bonus programme/, /You have .+ points/, /call ended/],
  'phone browse --from 79160000001 http://books.example/': [/redirect, 302/, /Get points back at Bookworm/],
  'phone buy --from 79160000001 1250': [/Bought for 1250\.00 roubles, 125 points given/],
  'phone pay --from 79160000001 40': [/Paid with 40 points/],
  'clearing close': [/period: \d{4}-\d\d/, /poolMicro: \d+/],
  'clearing statements': [/books +│ closed/, /operator +│ closed/],
  'demo --advance 90d': [/now: \d{4}-\d\d-\d\dT/],
  'explain 79160000001': [
    /operation: prepare_transfer/,
    /channel: sms/,
    /Send 50 points/,
    /operation: expire/,
  ],
  audit: [/sum: 0/, /balanceMismatches: 0/, /holdMismatches: 0/, /lotMismatches: 0/],
};

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

describe('the tour of README', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let home: string;
  let demo: ChildProcess;
  let said = '';

  const start = (args: readonly string[]): ChildProcess => {
    const { REDIS_URL: _ignored, ...env } = process.env;
    return spawn(process.execPath, [...PROGRAM, ...args], {
      env: { ...env, DATABASE_URL: database.url, BONUSGATE_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };

  const run = async (command: string): Promise<Ended> => {
    const child = start(wordsOf(command));
    let output = '';
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    }
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  };

  before(async () => {
    database = await createTestDatabase();
    home = await mkdtemp(path.join(tmpdir(), 'bonusgate-readme-'));
    demo = start(['demo', '--free-ports']);
    for (const stream of [demo.stdout!, demo.stderr!]) {
      stream.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    }
    const opened = () => {
      if (demo.exitCode !== null) throw new Error(`the demo ended:\n${said}`);
      return Promise.resolve(said.includes('Open the phone:') || undefined);
    };
    if ((await waitUntil(opened, { timeoutMs: 60_000, everyMs: 50 })) === undefined) {
      throw new Error(`the demo did not start:\n${said}`);
    }
  });

  after(async () => {
    if (demo.exitCode === null) {
      const gone = once(demo, 'exit');
      demo.kill('SIGTERM');
      await gone;
    }
    await rm(home, { recursive: true, force: true });
    await database.drop();
  });

  const [tour] = snippetsOf('README.md').filter(
    ({ section, language }) => section === 'Five minutes' && language === 'sh',
  );
  const commands = tour === undefined ? [] : commandsOf(tour);

  it('has exactly the commands that are tried here', () => {
    const told = commands.map((command) => command.replace(PREFIX, ''));
    expect(told).to.have.members(Object.keys(ANSWERS));
  });

  for (const command of commands) {
    it(`answers: ${command}`, async () => {
      const { code, output } = await run(command.replace(PREFIX, ''));
      expect(code, output).to.equal(0);
      for (const words of ANSWERS[command.replace(PREFIX, '')] ?? []) expect(output).to.match(words);
    });
  }

  it('confirms a transfer with the code of its answer', async () => {
    const adjusted = await run('subscriber adjust 79160000003 80 --reason tour --key tour');
    expect(adjusted.code, adjusted.output).to.equal(0);
    const { output } = await run('phone sms --from 79160000003 TRANSFER 79160000002 50');
    const asked = /reply (\d{4})/.exec(output)?.[1];
    expect(asked, output).to.be.a('string');
    const { output: confirmed } = await run(`phone sms --from 79160000003 ${asked!}`);
    expect(confirmed).to.match(/Done\. 50 points sent/);
    expect((await run('phone sms --from 79160000003 BALANCE')).output).to.match(/You have 30 points/);
    expect((await run('audit')).output).to.match(/sum: 0/);
  });

  it('tells a mistake with what to do about it', async () => {
    expect(await run('phone sms --from 79160000001 BALANSE'))
      .to.have.property('output')
      .that.match(/Did you mean BALANCE/);
    const misspelt = await run('phone sms --form 79160000001 BALANCE');
    expect(misspelt).to.have.property('code', 2);
    expect(misspelt.output).to.match(/Did you mean --from/);
    const scope = await run('token create shop --scopes shop');
    expect(scope).to.have.property('code', 2);
    expect(scope.output).to.match(/no scope "shop"; there are: events:write/);
  });
});
