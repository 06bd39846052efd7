import { expect } from 'chai';
import {
  exchange,
  open,
  OPTIONS,
  readAll,
  reqmod,
  SHOP_GET,
  startTestServer,
  type TestServer,
} from './icap-client.ts';

const COUNT = Number(process.env['FUZZ_COUNT'] ?? 20_000);
const PER_CONNECTION = 1;
const PARALLEL = 16;

/** A generator with a fixed seed (mulberry32): a failure is seen again by running the same number of inputs. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const POST = 'POST http://other.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n';
const SEEDS = [
  OPTIONS,
  reqmod(),
  reqmod({ http: SHOP_GET, icap: ['X-Client-IP: 10.0.0.1'] }),
  reqmod({ http: POST, body: '5\r\nhello\r\n0\r\n\r\n', allow204: false }),
  reqmod({ http: POST, body: '5\r\nhello\r\n0; ieof\r\n\r\n', icap: ['Preview: 1024'] }),
  reqmod({ http: POST, body: '0\r\nX-T: 1\r\n\r\n' }),
].map((text) => Buffer.from(text, 'latin1'));
const SPICES = [
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\0',
  ': ',
  ', ',
  '-1',
  '0x10',
  '99999999',
  'ffffffff',
  '; ieof',
  'null-body=',
  'Encapsulated: ',
  '\xff',
];

/** One input: random octets, or a real request with some octets changed, cut, doubled or spiced. */
function input(below: (limit: number) => number): Buffer {
  if (below(10) === 0) return Buffer.from(Array.from({ length: below(400) }, () => below(256)));
  let octets = Buffer.from(SEEDS[below(SEEDS.length)]!);
  for (let change = 1 + below(4); change > 0; change--) {
    const at = below(octets.length + 1);
    const spice = Buffer.from(SPICES[below(SPICES.length)]!, 'latin1');
    const kind = below(5);
    if (kind === 0 && octets.length > 0) octets[at % octets.length] = below(256);
    else if (kind === 1) octets = octets.subarray(0, at);
    else if (kind === 2) octets = Buffer.concat([octets.subarray(0, at), spice, octets.subarray(at)]);
    else if (kind === 3) octets = Buffer.concat([octets.subarray(0, at), octets.subarray(at + below(20))]);
    else octets = Buffer.concat([octets, SEEDS[below(SEEDS.length)]!]);
    octets = Buffer.from(octets);
  }
  return octets;
}

describe('ICAP under random octets', () => {
  let target: TestServer;
  before(async () => {
    target = await startTestServer();
  });
  after(() => target.close());

  it(`serves on after ${COUNT} hostile inputs`, async function () {
    this.timeout(20_000 + COUNT * 2);
    const below = random(20_260_101);
    const inputs = Array.from({ length: COUNT }, () => input(below));
    let next = 0;
    const client = async () => {
      while (next < inputs.length) {
        const batch = inputs.slice(next, (next += PER_CONNECTION));
        const socket = await open(target.port);
        const answer = readAll(socket);
        socket.end(Buffer.concat(batch));
        expect(await answer).to.match(/^(?:$|ICAP\/1\.0 (?:200|204|400|404|405|408|501|505) )/);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, client));
    expect(await exchange(target.port, [reqmod()])).to.match(/^ICAP\/1\.0 204/);
    expect(target.server.connections).to.be.at.most(1);
    expect(target.events.filter((event) => event.startsWith('parse:'))).not.to.be.empty;
  });
});
