import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startTestServer, type TestServer } from '../protocols/icap/icap-client.ts';
import { freePort, listening, requirePeer } from './peer-process.ts';

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

describe('squid as a client of ours', function () {
  this.timeout(60_000);
  let folder: string;
  let target: TestServer;
  let site: Server;
  let port: number;
  /** Empty while the suite is skipped. */
  let cleanUp = (): Promise<void> => Promise.resolve();
  const agent = new Agent({ keepAlive: true });

  before(async function () {
    const program = requirePeer(this, 'squid', ['/usr/sbin/squid']);
    folder = await mkdtemp(path.join(tmpdir(), 'bonusgate-squid-'));
    await chmod(folder, 0o777);
    target = await startTestServer();
    site = createServer((incoming, response) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () =>
        response.end(`${incoming.method!} ${incoming.url!} ${Buffer.concat(parts).length}`),
      );
    }).listen(0, '127.0.0.1');
    await once(site, 'listening');
    port = await freePort();
    const config = path.join(folder, 'squid.conf');
    await writeFile(config, squidConfig(folder, port, target.port, (site.address() as AddressInfo).port));
    let output = '';
    const squid = spawn(program, ['-N', '-f', config], { stdio: ['ignore', 'pipe', 'pipe'] });
    squid.stderr.on('data', (octets: Buffer) => (output += octets.toString()));
    cleanUp = async () => {
      agent.destroy();
      if (squid.exitCode === null) {
        squid.kill('SIGKILL');
        await once(squid, 'close');
      }
      site.closeAllConnections();
      site.close();
      await target.close();
      await rm(folder, { recursive: true });
    };
    await listening(squid, port, () => output);
  });
  after(() => cleanUp());
  beforeEach(() => {
    target.asked.length = 0;
  });

  const browse = (url: string, method = 'GET', body = '', from = '127.0.0.1') =>
    new Promise<Answer>((resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1',
        port,
        method,
        path: url,
        headers: { host: new URL(url).host, ...(body === '' ? {} : { 'content-length': body.length }) },
        agent: from === '127.0.0.1' ? agent : false,
        localAddress: from,
      });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        let text = '';
        response.on('data', (part: Buffer) => (text += part.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode!, location: response.headers.location, body: text }),
        );
      });
      outgoing.end(body);
    });

  it('asks for OPTIONS first and believes them', async () => {
    await browse('http://other.example/');
    expect(target.events[0]).to.equal('options');
  });

  it('lets a visit pass', async () => {
    expect(await browse('http://other.example/a?b=c')).to.include({ status: 200, body: 'GET /a?b=c 0' });
    expect(target.asked[0]).to.include({ host: 'other.example', url: 'http://other.example/a?b=c' });
  });

  it('redirects a visit of a partner, told who visits', async () => {
    const answer = await browse('http://shop.example/', 'GET', '', '127.0.0.9');
    expect(answer).to.include({ status: 302, location: 'http://offer.example/?t=127.0.0.9' });
  });

  it('keeps the port of a site that is not on port 80', async () => {
    await browse('http://shop.example:8080/');
    expect(target.asked[0]).to.include({ host: 'shop.example:8080' });
  });

  for (const size of [1, 1_024, 100_000, 2_000_000]) {
    it(`posts ${size} octets without a stall, and they arrive`, async () => {
      const answer = await browse('http://other.example/form', 'POST', 'x'.repeat(size));
      expect(answer).to.include({ status: 200, body: `POST /form ${size}` });
    });
  }

  it('stays in step over many mixed requests on kept connections', async () => {
    for (let round = 0; round < 30; round++) {
      const [passed, posted, redirected] = await Promise.all([
        browse(`http://other.example/${round}`),
        browse(`http://other.example/${round}`, 'POST', 'x'.repeat(round * 100 + 1)),
        browse(`http://shop.example/${round}`),
      ]);
      expect(passed).to.include({ status: 200, body: `GET /${round} 0` });
      expect(posted).to.include({ status: 200, body: `POST /${round} ${round * 100 + 1}` });
      expect(redirected).to.include({ status: 302 });
    }
  });

  it('never saw an ICAP error, and we never saw a framing error', async () => {
    const access = await readFile(path.join(folder, 'icap.log'), 'latin1');
    expect(access).to.match(/^ICAP_ECHO 204 REQMOD$/m);
    expect(access).to.match(/^ICAP_SAT 200 REQMOD$/m);
    expect(access).not.to.match(/ICAP_ERR/);
    expect(target.events.filter((event) => /parse|cut|error|refused/.test(event))).to.be.empty;
  });
});

/** One forward proxy that asks us about every request and finds every site at `sitePort`. */
function squidConfig(folder: string, port: number, icapPort: number, sitePort: number): string {
  return `
http_port 127.0.0.1:${port}
visible_hostname interop.example
pid_filename ${folder}/squid.pid
access_log stdio:${folder}/access.log
cache_log ${folder}/cache.log
logformat transaction %icap::to %icap::Hs %icap::rm
icap_log stdio:${folder}/icap.log transaction
coredump_dir ${folder}
netdb_filename none
pinger_enable off
cache deny all
cache_mem 8 MB
max_filedescriptors 1024
http_access allow all
cache_peer 127.0.0.1 parent ${sitePort} 0 no-query originserver no-digest
never_direct allow all
icap_enable on
icap_send_client_ip on
icap_preview_enable on
icap_persistent_connections on
icap_service bonusgate reqmod_precache icap://127.0.0.1:${icapPort}/reqmod bypass=off
adaptation_access bonusgate allow all
shutdown_lifetime 1 second
`;
}
