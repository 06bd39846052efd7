import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startTestServer, type TestServer } from '../protocols/icap/icap-client.ts';
import { requirePeer, run } from './peer-process.ts';

describe('c-icap-client as a client of ours', function () {
  this.timeout(60_000);
  let program: string;
  let folder: string;
  let target: TestServer;
  /** Empty while the suite is skipped. */
  let cleanUp = (): Promise<void> => Promise.resolve();
  before(async function () {
    program = requirePeer(this, 'c-icap', ['/usr/bin/c-icap-client']);
    cleanUp = async () => {
      await rm(folder, { recursive: true });
      await target.close();
    };
    folder = await mkdtemp(path.join(tmpdir(), 'bonusgate-c-icap-'));
    target = await startTestServer();
  });
  after(() => cleanUp());
  beforeEach(() => {
    target.asked.length = 0;
    target.events.length = 0;
  });

  const client = (...args: string[]) =>
    run(program, ['-i', '127.0.0.1', '-p', String(target.port), '-s', 'reqmod', '-v', '-d', '1', ...args]);

  it('understands our OPTIONS', async () => {
    const output = await client();
    expect(output).to.match(/Allow 204: Yes/i);
    expect(output).to.match(/Preview: 0/);
    expect(target.events).to.deep.equal(['options']);
  });

  it('hears 204 for a visit that passes', async () => {
    await client('-method', 'GET', '-req', 'http://other.example/a?b=c');
    expect(target.events).to.include('pass_not_partner');
    expect(target.asked[0]).to.include({
      url: 'http://other.example/a?b=c',
      host: 'other.example',
      method: 'GET',
    });
  });

  it('hears a redirect with the identity it sent', async () => {
    const output = await client(
      '-method',
      'GET',
      '-req',
      'http://shop.example/',
      '-x',
      'X-Client-IP: 10.0.0.5',
    );
    expect(target.events).to.include('redirect');
    expect(target.asked[0]).to.include({ host: 'shop.example', identity: '10.0.0.5' });
    expect(output).to.include('302 Found').and.to.include('http://offer.example/?t=10.0.0.5');
  });

  for (const [name, size, flags] of [
    ['a short body', 20, []],
    ['a body in a preview', 20, ['-w', '1024']],
    ['a body of many chunks', 300_000, []],
    ['a body without preview and 204', 300_000, ['-nopreview', '-no204']],
    ['a short body without preview and 204', 7, ['-nopreview', '-no204']],
  ] as const) {
    it(`sends ${name} and hears that it is fine`, async () => {
      const file = path.join(folder, 'body');
      const output = path.join(folder, 'answer');
      const text = 'x'.repeat(size - 1) + '\n';
      await writeFile(file, text);
      await rm(output, { force: true });
      const said = await client(
        '-method',
        'POST',
        '-req',
        'http://other.example/',
        '-f',
        file,
        '-o',
        output,
        ...flags,
      );
      expect(target.events, said).to.include('pass_not_partner');
      expect(target.events.filter((event) => /parse|cut|error/.test(event))).to.be.empty;
    });
  }
});
