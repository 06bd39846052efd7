import { expect } from 'chai';
import fc from 'fast-check';
import {
  exchange,
  HTTP_GET,
  open,
  OPTIONS,
  readAll,
  reqmod,
  SHOP_GET,
  startTestServer,
  statuses,
  write,
  type TestServer,
} from './icap-client.ts';

const POST = 'POST http://other.example/form HTTP/1.1\r\nHost: other.example\r\n\r\n';
const BODY = '5;x\r\nhello\r\n1\r\n!\r\n0\r\nX-T: 1\r\n\r\n';

/** Requests and what each must be answered with. */
const KINDS = {
  pass: { octets: reqmod(), answer: 'ICAP/1.0 204' },
  redirect: { octets: reqmod({ http: SHOP_GET, icap: ['X-Client-IP: 10.0.0.1'] }), answer: 'HTTP/1.1 302' },
  echo: { octets: reqmod({ allow204: false, http: POST, body: BODY }), answer: POST + BODY },
  unchanged: { octets: reqmod({ allow204: false }), answer: HTTP_GET },
  body: { octets: reqmod({ http: POST, body: BODY }), answer: 'ICAP/1.0 204' },
  preview: {
    octets: reqmod({ http: POST, icap: ['Preview: 0'], body: '0\r\n\r\n' }),
    answer: 'ICAP/1.0 204',
  },
  options: { octets: OPTIONS, answer: 'Methods: REQMOD' },
  unknown: { octets: reqmod({ service: 'other' }), answer: 'ICAP/1.0 404' },
} as const;
type Kind = keyof typeof KINDS;
const kinds = Object.keys(KINDS) as Kind[];

describe('ICAP on one connection', () => {
  let target: TestServer;
  before(async () => {
    target = await startTestServer();
  });
  after(() => target.close());

  for (const kind of kinds) {
    it(`understands a ${kind} request cut at every octet`, async () => {
      const octets = KINDS[kind].octets + OPTIONS;
      const whole = await exchange(target.port, [octets]);
      expect(whole).to.include(KINDS[kind].answer);
      for (let at = 1; at < octets.length; at++) {
        const cut = await exchange(target.port, [octets.slice(0, at), octets.slice(at)]);
        expect(cut, `cut at ${at}`).to.equal(whole);
      }
    });

    it(`understands a ${kind} request octet by octet`, async () => {
      const octets = KINDS[kind].octets + OPTIONS;
      expect(await exchange(target.port, octets.match(/[^]/g)!)).to.equal(
        await exchange(target.port, [octets]),
      );
    });
  }

  it('answers pipelined requests in their order, however they are cut', async () => {
    const plan = fc.record({
      order: fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 12 }),
      size: fc.integer({ min: 20, max: 900 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ order, size }) => {
        const octets = order.map((kind) => KINDS[kind].octets).join('');
        const pieces = octets.match(new RegExp(`[^]{1,${size}}`, 'g'))!;
        const answers = (await exchange(target.port, pieces)).split(/(?=ICAP\/1\.0 \d{3} )/);
        expect(answers).to.have.length(order.length);
        order.forEach((kind, index) => expect(answers[index]).to.include(KINDS[kind].answer));
      }),
      { numRuns: 60 },
    );
  });

  it('answers a thousand requests sent at once', async () => {
    const answer = await exchange(target.port, [KINDS.pass.octets.repeat(1_000)]);
    expect(statuses(answer)).to.deep.equal(Array(1_000).fill(204));
  });

  it('sends a megabyte back byte for byte while it streams', async () => {
    const chunk = Buffer.from(Array.from({ length: 65_536 }, (_, index) => (index * 31) & 255)).toString(
      'latin1',
    );
    const body = `${`10000\r\n${chunk}\r\n`.repeat(16)}0\r\n\r\n`;
    const answer = await exchange(target.port, [reqmod({ allow204: false, http: POST, body })]);
    const at = answer.indexOf('\r\n\r\n') + 4;
    expect(answer.slice(at) === POST + body).to.be.true;
  });

  it('stops reading from a client that does not read', async () => {
    const socket = await open(target.port);
    socket.pause();
    const body = `10000\r\n${'x'.repeat(0x1_0000)}\r\n0\r\n\r\n`;
    const block = reqmod({ allow204: false, http: POST, body }).repeat(8);
    let sent = 0;
    let closed = false;
    socket.once('close', () => (closed = true));
    const pump = async () => {
      // 64 MiB: the kernel's buffers hold a few, the server must hold none.
      while (sent < 128 && !closed) {
        await write(socket, block);
        sent += 1;
      }
    };
    void pump();
    await probeUntilStill(() => sent);
    expect(sent).to.be.within(1, 127);
    target.clock.advance(target.config.writeStallMs);
    await readAll(socket);
    expect(target.events).to.include('cut:write');
  });

  /** Resolves when `value` did not change while another client was answered two hundred times. */
  async function probeUntilStill(value: () => number): Promise<void> {
    for (let seen = -1, still = 0; still < 200; still++) {
      if (value() !== seen) [seen, still] = [value(), 0];
      await exchange(target.port, [OPTIONS]);
    }
  }

  it('does not notice what happens on another connection', async () => {
    const healthy = await open(target.port);
    const answers = readAll(healthy);
    await write(healthy, KINDS.pass.octets.slice(0, 40));
    for (const garbage of ['\0\0\0\0\n', 'GET / HTTP/1.1\r\n\r\n', 'x'.repeat(100_000)]) {
      await exchange(target.port, [garbage]);
    }
    await write(healthy, KINDS.pass.octets.slice(40));
    healthy.end();
    expect(statuses(await answers)).to.deep.equal([204]);
  });
});
