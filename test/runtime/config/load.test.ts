import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Programme } from '../../../src/bonus/programme.ts';
import { configSchema } from '../../../src/runtime/config/config.ts';
import { loadConfig, reloadConfig } from '../../../src/runtime/config/load.ts';
import { ConfigError } from '../../../src/runtime/config/problem.ts';
import { renderSample, renderSchema } from '../../../src/runtime/config/sample.ts';

describe('configuration', () => {
  let folder: string;
  let file: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'bonusgate-config-'));
    file = path.join(folder, 'gateway.yaml');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const load = async (text: string, environment: Record<string, string> = {}) => {
    await writeFile(file, text);
    return loadConfig(file, environment);
  };

  /** `line: key: message` of each mistake. */
  const mistakes = async (text: string, environment: Record<string, string> = {}): Promise<string[]> => {
    try {
      await load(text, environment);
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigError);
      return (error as ConfigError).problems.map(({ line, key, message }) => `${line}: ${key}: ${message}`);
    }
    return [];
  };

  it('has a default for every key', async () => {
    expect(await load('')).to.deep.equal(configSchema.parse({}));
    expect((await load('log:\n  level: debug\n')).log.level).to.equal('debug');
  });

  it('ships a sample of every key that says exactly the defaults', async () => {
    expect(await readFile('conf/gateway.yaml', 'utf8'), 'npm run config-docs').to.equal(renderSample());
    expect(loadConfig('conf/gateway.yaml', {})).to.deep.equal(configSchema.parse({}));
  });

  it('ships the JSON Schema for editors', async () => {
    expect(await readFile('conf/gateway.schema.json', 'utf8'), 'npm run config-docs').to.equal(
      renderSchema(),
    );
  });

  it('accepts the configuration of the demo', () => {
    expect(() => loadConfig('conf/demo.yaml', {})).not.to.throw();
  });

  it('names file, line and column of a mistake', async () => {
    await writeFile(file, 'log:\n  level: info\nhttp:\n  port: 70000\n');
    expect(() => loadConfig(file, {})).to.throw(ConfigError, `${file}:4:9: http.port: must be at most 65535`);
  });

  it('reports every mistake at once, in the order of the file', async () => {
    const text = 'http:\n  port: eighty\n  enabled: 1\nprogramme:\n  name: ""\n';
    expect(await mistakes(text)).to.deep.equal([
      '2: http.port: must be a number',
      '3: http.enabled: must be a boolean',
      '5: programme.name: must have at least 1 characters',
    ]);
  });

  it('rejects an unknown key and says which one was meant', async () => {
    expect(await mistakes('programe:\n  name: X\n')).to.deep.equal([
      '1: programe: unknown key; did you mean "programme"?',
    ]);
    expect(await mistakes('http:\n  host: 127.0.0.1\n  prot: 1\n')).to.deep.equal([
      '3: http.prot: unknown key; did you mean "port"?',
    ]);
    expect(await mistakes('http:\n  zebra: 1\n')).to.deep.equal(['2: http.zebra: unknown key']);
  });

  it('looks into lists', async () => {
    const smsc =
      'smpp:\n  smscs:\n    - name: a\n      host: h\n      binds:\n        - name: b\n          moed: receiver\n';
    expect(await mistakes(smsc)).to.deep.equal([
      '7: smpp.smscs[0].binds[0].moed: unknown key; did you mean "mode"?',
    ]);
    expect(await mistakes('smpp:\n  smscs:\n    - name: a\n      binds: [{ name: b }]\n')).to.deep.equal([
      '3: smpp.smscs[0].host: is missing',
    ]);
  });

  it('lists the words that are allowed', async () => {
    expect(await mistakes('log:\n  level: debgu\n')).to.deep.equal([
      '2: log.level: must be one of fatal, error, warn, info, debug, trace, silent; did you mean "debug"?',
    ]);
  });

  it('tells where the YAML itself is broken', async () => {
    expect((await mistakes('log:\n  level: "info\n'))[0]).to.match(/^[23]: : Missing closing "quote/);
    expect((await mistakes('log:\n  level: info\nlog:\n  level: warn\n'))[0]).to.equal(
      '3: : Map keys must be unique',
    );
  });

  it('tells that a file is not there', () => {
    expect(() => loadConfig('/nowhere/gateway.yaml', {})).to.throw(
      ConfigError,
      '/nowhere/gateway.yaml:1:1: no such file',
    );
  });

  it('takes secrets from the environment and from files', async () => {
    await writeFile(path.join(folder, 'pepper'), `${'p'.repeat(32)}\n`);
    const config = await load(
      'storage:\n  redisUrl: "redis://:${REDIS_PASSWORD}@cache:6379"\nsubscribers:\n  secret: file:pepper\n',
      {
        REDIS_PASSWORD: 'hush',
      },
    );
    expect(config.storage.redisUrl).to.equal('redis://:hush@cache:6379');
    expect(config.subscribers.secret).to.equal('p'.repeat(32));
  });

  it('names the variable or the file that is missing, with its line', async () => {
    expect(await mistakes('storage:\n  redisUrl: "${NOT_SET}"\n')).to.deep.equal([
      '2: storage.redisUrl: the environment variable NOT_SET is not set',
    ]);
    expect((await mistakes('subscribers:\n  secret: file:absent\n'))[0]).to.match(
      /^2: subscribers.secret: .*absent cannot be read \(ENOENT\)/,
    );
  });

  it('never prints a secret that is wrong', async () => {
    const found = await mistakes('subscribers:\n  secret: "${PEPPER}"\nstorage:\n  databaseUrl: "${URL}"\n', {
      PEPPER: 'hush-hush',
      URL: 'mysql://root:hush-hush@db',
    });
    expect(found).to.have.length(2);
    expect(found.join()).not.to.include('hush');
  });

  it('uses DATABASE_URL and REDIS_URL where the file names no server', async () => {
    const environment = { DATABASE_URL: 'postgres://a@b/c', REDIS_URL: 'redis://d' };
    const { storage } = await load('', environment);
    expect(storage).to.include({ databaseUrl: 'postgres://a@b/c', redisUrl: 'redis://d' });
    const written = await load('storage:\n  databaseUrl: postgres://x@y/z\n', environment);
    expect(written.storage.databaseUrl).to.equal('postgres://x@y/z');
  });

  it('checks sections against each other', async () => {
    expect(await mistakes('diskGuard:\n  stopBelowMb: 1000\n')).to.deep.equal([
      '1: diskGuard.resumeAboveMb: must not be below diskGuard.stopBelowMb (1000)',
    ]);
  });

  it('hands the programme over as the core knows it', async () => {
    const programme: Programme = (await load('')).programme;
    expect(programme.earning[0]).to.deep.equal({
      rule: 1,
      event: 'purchase',
      currency: 'RUB',
      minorPerPoint: 1_000n,
    });
    expect((await load('programme:\n  expiry: never\n')).programme.expiry).to.equal('never');
  });

  it('rejects two rates for one event, and a rule number used twice', async () => {
    const rate = (rule: number, event: string) =>
      `    - { rule: ${rule}, event: ${event}, currency: RUB, minorPerPoint: 10 }\n`;
    expect(
      await mistakes(
        `programme:\n  earning:\n${rate(1, 'purchase')}${rate(2, 'purchase')}${rate(1, 'call')}`,
      ),
    ).to.deep.equal([
      '4: programme.earning[1].event: there is already a rate for purchase in RUB',
      '5: programme.earning[2].rule: 1 is already used above',
    ]);
  });

  it('cannot be changed by whoever gets it', async () => {
    const config = await load('');
    expect(() => ((config.log as { level: string }).level = 'debug')).to.throw(TypeError);
  });

  it('takes over reloadable keys and tells which ones wait for a restart', async () => {
    const before = await load('http:\n  port: 8080\n');
    await writeFile(
      file,
      'http:\n  port: 9090\nlog:\n  level: debug\nprogramme:\n  transfer: { pointsMax: 5 }\n',
    );
    const { config, changed, needsRestart } = reloadConfig(before, file, {});
    expect(changed).to.have.members(['log.level', 'programme.transfer.pointsMax']);
    expect(needsRestart).to.deep.equal(['http.port']);
    expect(config.log.level).to.equal('debug');
    expect(config.programme.transfer.pointsMax).to.equal(5n);
    expect(config.http.port).to.equal(8080);
  });

  it('changes nothing when the new file has a mistake', async () => {
    const before = await load('');
    await writeFile(file, 'log:\n  level: debug\nhttp:\n  prt: 1\n');
    expect(() => reloadConfig(before, file, {})).to.throw(ConfigError);
    expect(before.log.level).to.equal('info');
  });
});
