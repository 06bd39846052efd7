import { expect } from 'chai';
import type { Answer, ShownRecord, SnapshotChunk } from '../src/cashback/changes.ts';
import { FOREVER_S, MEMBER } from '../src/cashback/changes.ts';
import { createReturnTickets } from '../src/channels/redirect/return-url.ts';
import { startIcap, type IcapFrontEnd } from '../src/daemon-icap.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { cashbackConfig } from '../src/runtime/config/cashback.ts';
import { icapConfig } from '../src/runtime/config/icap.ts';
import { createLogger } from '../src/runtime/log.ts';
import {
  exchange,
  open,
  OPTIONS,
  readAll,
  readUntil,
  reqmod,
  SHOP_GET,
  write,
} from './protocols/icap/icap-client.ts';

const POST = 'POST http://other.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n';
const ANNA = 7;
const BORIS = 8;
const returnKeys = [{ id: 1, secret: 'a secret of at least thirty-two characters' }];
const from = (address: string, url = 'http://shop.example/') =>
  reqmod({
    icap: [`X-Client-IP: ${address}`, 'Connection: close'],
    http: SHOP_GET.replace('http://shop.example/', url),
  });

describe('ICAP workers', () => {
  let icap: IcapFrontEnd;
  let shown: ShownRecord[];
  let tellShown: () => void = () => undefined;
  /** Stands for Postgres: what a new or reloading worker reads. */
  let stored: { answers: Map<number, Answer>; hosts: string[]; fails: number };

  async function* loadSnapshot(): AsyncGenerator<SnapshotChunk> {
    await Promise.resolve();
    if (stored.fails > 0) {
      stored.fails -= 1;
      throw new Error('database down');
    }
    yield { table: 'hosts', hosts: stored.hosts, merchants: new Float64Array(stored.hosts.length).fill(1) };
    yield {
      table: 'v4',
      keys: ['10.0.0.7', '10.0.0.8'],
      subscribers: Float64Array.of(ANNA, BORIS),
      validToS: Uint32Array.of(FOREVER_S, FOREVER_S),
    };
    yield {
      table: 'subscribers',
      ids: Float64Array.of(ANNA, BORIS),
      flags: Uint8Array.of(...[ANNA, BORIS].map((id) => MEMBER + (stored.answers.has(id) ? 2 : 0))),
      shownAtS: Uint32Array.of(0, 0),
    };
  }

  const settings = (icapOverrides: object = {}, cashbackOverrides: object = {}) => ({
    icap: icapConfig.parse({ port: 0, workers: 2, connectionsMax: 8, ...icapOverrides }),
    cashback: cashbackConfig.parse({
      offerUrl: 'http://bonus.example/offer',
      quietDays: 0,
      returnKeys,
      ...cashbackOverrides,
    }),
  });

  const reset = () => {
    shown = [];
    stored = { answers: new Map(), hosts: ['shop.example'], fails: 0 };
  };
  before(async () => {
    reset();
    icap = await startIcap(settings(), {
      clock: systemClock(),
      log: createLogger({ level: 'silent' }),
      loadSnapshot,
      recordShown: (records) => {
        shown.push(...records);
        tellShown();
        return Promise.resolve();
      },
    });
  });
  beforeEach(async () => {
    reset();
    await icap.reload(settings());
  });
  after(() => icap.close());

  const kill = (pid: number | undefined) => {
    process.kill(pid!, 'SIGKILL');
    return pid;
  };
  /** The front end has no event for it: its worker list is asked again and again. */
  const replaced = async (killed: readonly (number | undefined)[]) => {
    while (!icap.workers().every(({ pid, ready }) => ready && !killed.includes(pid))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const ask = (text: string) => exchange(icap.address.port, [text]);

  it('redirect a visit to the offer, with a ticket that only the daemon can read', async () => {
    const answer = await ask(from('10.0.0.7', 'http://shop.example/a?b=c'));
    const token = /Location: http:\/\/bonus\.example\/offer\?t=([\w-]+)\r\n/.exec(answer)?.[1];
    const opened = createReturnTickets(returnKeys).open(token!, Date.now() / 1_000);
    expect(opened).to.deep.include({ ok: true });
    if (opened.ok) expect(opened.ticket).to.include({ subscriber: ANNA, url: 'http://shop.example/a?b=c' });
  });

  it('pass him everywhere from the moment his answer is applied', async () => {
    await icap.applyAnswer({ subscriber: ANNA, answer: 'declined' });
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(from('10.0.0.7'))));
    expect(answers.map((answer) => answer.slice(0, 12))).to.deep.equal(Array(6).fill('ICAP/1.0 204'));
    expect(await ask(from('10.0.0.8'))).to.include('302 Found');
  });

  it('report every redirect for the audit', async () => {
    stored.hosts = ['audited.example'];
    await icap.reload();
    // Records of the tests before may still be on their way.
    const audited = () => shown.filter(({ host }) => host === 'audited.example');
    const reported = new Promise<void>((resolve) => {
      tellShown = () => {
        if (audited().length > 0) resolve();
      };
    });
    await ask(from('10.0.0.7', 'http://audited.example/'));
    await reported;
    expect(audited()).to.have.length(1);
    expect(audited()[0]).to.include({ subscriber: ANNA, merchant: 1 });
  });

  it('share the connections', async () => {
    const sockets = await Promise.all([1, 2, 3, 4].map(() => open(icap.address.port)));
    for (const socket of sockets) {
      await write(socket, OPTIONS);
      await readUntil(socket, (text) => text.includes('Max-Connections: 8\r\n'));
    }
    expect(icap.workers().map(({ connections }) => connections)).to.deep.equal([2, 2]);
    for (const socket of sockets) socket.destroy();
  });

  it('tell a connection over the limit so, and nobody else suffers', async () => {
    const sockets = await Promise.all(Array.from({ length: 8 }, () => open(icap.address.port)));
    for (const socket of sockets) {
      await write(socket, OPTIONS);
      await readUntil(socket, (text) => text.includes('\r\n\r\n'));
    }
    const ninth = await open(icap.address.port);
    expect(await readAll(ninth)).to.match(/^ICAP\/1\.0 503 .*Connection: close/s);
    await write(sockets[0]!, OPTIONS);
    expect(await readUntil(sockets[0]!, (text) => text.includes('\r\n\r\n'))).to.include('200 OK');
    for (const socket of sockets) socket.destroy();
  });

  it('are replaced when they die, and the new one knows what was answered', async () => {
    stored.answers.set(ANNA, 'accepted');
    const killed = icap.workers().map(({ pid }) => kill(pid));
    await replaced(killed);
    expect(await ask(from('10.0.0.7'))).to.match(/^ICAP\/1\.0 204/);
    expect(await ask(from('10.0.0.8'))).to.include('302 Found');
  });

  it('do not hold up an answer when one of them is dead', async () => {
    const killed = kill(icap.workers()[0]!.pid);
    await icap.applyAnswer({ subscriber: ANNA, answer: 'accepted' });
    await replaced([killed]);
  });

  it('keep the old snapshot while a new one cannot be read, and take it then', async () => {
    stored.hosts = ['other.example'];
    stored.fails = 1;
    const reloaded = icap.reload();
    expect(await ask(from('10.0.0.7'))).to.include('302 Found');
    await reloaded;
    expect(await ask(from('10.0.0.7'))).to.match(/^ICAP\/1\.0 204/);
    expect(await ask(from('10.0.0.7', 'http://other.example/'))).to.include('302 Found');
  });

  it('change the ISTag with the configuration, on connections that stay', async () => {
    const socket = await open(icap.address.port);
    const istag = async () => {
      await write(socket, OPTIONS);
      return /ISTag: ("[^"]{1,32}")/.exec(await readUntil(socket, (text) => text.includes('\r\n\r\n')))?.[1];
    };
    const before = await istag();
    expect(await istag()).to.equal(before);
    await icap.reload(settings({}, { offerUrl: 'http://new.example/offer' }));
    expect(await istag())
      .to.be.a('string')
      .that.does.not.equal(before);
    socket.destroy();
    expect(await ask(from('10.0.0.7'))).to.include('Location: http://new.example/offer?t=');
  });

  it('finish a request in flight when the daemon stops', async () => {
    const [busy, idle] = await Promise.all([open(icap.address.port), open(icap.address.port)]);
    await write(idle, OPTIONS);
    await readUntil(idle, (text) => text.includes('\r\n\r\n'));
    await write(busy, reqmod({ http: POST, allow204: false, body: '5\r\nhel' }));
    await readUntil(busy, (text) => text.endsWith('5\r\nhel'));
    const closing = icap.close();
    expect(await readAll(idle), 'nothing more for an idle connection').to.equal('');
    await write(busy, 'lo\r\n0\r\n\r\n');
    expect(await readAll(busy)).to.equal('lo\r\n0\r\n\r\n');
    await closing;
    expect(
      await open(icap.address.port).then(
        () => 'open',
        () => 'refused',
      ),
    ).to.equal('refused');
  });
});
