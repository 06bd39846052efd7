import { expect } from 'chai';
import {
  open,
  OPTIONS,
  readAll,
  readUntil,
  reqmod,
  startTestServer,
  statuses,
  write,
  type TestServer,
} from './icap-client.ts';
import type { Socket } from 'node:net';

const POST = 'POST http://other.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n';

describe('ICAP deadlines', () => {
  let target: TestServer;
  beforeEach(async () => {
    target = await startTestServer({
      connectionsMax: 2,
      headTimeoutMs: 10_000,
      bodyStallMs: 10_000,
      idleTimeoutMs: 60_000,
    });
  });
  afterEach(() => target.close());

  /** Sends octets and waits until the server has them: it answers a later request on another connection. */
  const deliver = async (socket: Socket, octets: string) => {
    await write(socket, octets);
    const probe = await open(target.port);
    await write(probe, OPTIONS);
    await readUntil(probe, (text) => text.includes('\r\n\r\n'));
    probe.destroy();
    // The server's side of the probe is closed before the next one counts.
    while (target.server.connections > 1) await new Promise((resolve) => setImmediate(resolve));
  };

  it('cut a header that does not end, with an answer', async () => {
    const socket = await open(target.port);
    const answer = readAll(socket);
    await deliver(socket, 'REQMOD icap://h/reqmod ICAP/1.0\r\nHost:');
    target.clock.advance(10_000);
    expect(await answer).to.match(/^ICAP\/1\.0 408 .*Connection: close/s);
    expect(target.events).to.include('cut:head');
  });

  it('are absolute: single octets do not buy time for a header', async () => {
    const socket = await open(target.port);
    const answer = readAll(socket);
    for (const octet of 'REQMOD ica') {
      await deliver(socket, octet);
      target.clock.advance(1_000);
    }
    expect(await answer).to.match(/^ICAP\/1\.0 408/);
  });

  it('count the ICAP and the HTTP header as one', async () => {
    const socket = await open(target.port);
    const answer = readAll(socket);
    const request = reqmod();
    const end = request.indexOf('\r\n\r\n') + 4;
    await deliver(socket, request.slice(0, end - 10));
    target.clock.advance(9_000);
    await deliver(socket, request.slice(end - 10, end + 5));
    target.clock.advance(1_000);
    expect(await answer).to.match(/^ICAP\/1\.0 408/);
  });

  it('begin anew with each request', async () => {
    const socket = await open(target.port);
    const request = reqmod();
    let text = '';
    socket.on('data', (part) => (text += part.toString('latin1')));
    for (let round = 0; round < 3; round++) {
      await deliver(socket, request.slice(0, 50));
      target.clock.advance(9_000);
      await deliver(socket, request.slice(50));
    }
    expect(statuses(text)).to.deep.equal([204, 204, 204]);
    socket.destroy();
  });

  it('cut a body that stalls', async () => {
    const socket = await open(target.port);
    const answer = readAll(socket);
    await deliver(socket, reqmod({ http: POST, body: '5\r\nhe' }));
    target.clock.advance(10_000);
    expect(await answer).to.match(/^ICAP\/1\.0 408/);
    expect(target.events).to.include('cut:body');
  });

  it('cut a body that drips', async () => {
    const socket = await open(target.port);
    const answer = readAll(socket);
    await deliver(socket, reqmod({ http: POST, body: 'ffff\r\n' }));
    for (let second = 0; second < 10; second++) {
      await deliver(socket, 'x');
      target.clock.advance(1_000);
    }
    expect(await answer).to.match(/^ICAP\/1\.0 408/);
  });

  it('let a large body take its time while it moves', async () => {
    const socket = await open(target.port);
    let text = '';
    socket.on('data', (part) => (text += part.toString('latin1')));
    await deliver(socket, reqmod({ http: POST, body: '4000\r\n' }));
    for (let window = 0; window < 8; window++) {
      await deliver(socket, 'x'.repeat(2_048));
      target.clock.advance(9_999);
    }
    await deliver(socket, '\r\n0\r\n\r\n');
    expect(statuses(text)).to.deep.equal([204]);
    socket.destroy();
  });

  it('close an echo that stalls without a second answer', async () => {
    const socket = await open(target.port);
    const answer = readAll(socket);
    await deliver(socket, reqmod({ http: POST, allow204: false, body: '5\r\nhe' }));
    target.clock.advance(10_000);
    expect(statuses(await answer)).to.deep.equal([200]);
  });

  it('close an idle connection, later than a client would', async () => {
    const socket = await open(target.port);
    let closed = false;
    socket.on('end', () => (closed = true));
    const answer = readAll(socket);
    await deliver(socket, OPTIONS);
    target.clock.advance(59_999);
    await deliver(socket, OPTIONS);
    expect(closed).to.be.false;
    target.clock.advance(60_000);
    expect(statuses(await answer)).to.deep.equal([200, 200]);
    expect(target.events).to.include('cut:idle');
  });

  it('end a connection over the limit with 503, and keep the others', async () => {
    const first = await open(target.port);
    const second = await open(target.port);
    for (const socket of [first, second]) {
      await write(socket, OPTIONS);
      await readUntil(socket, (text) => text.includes('Max-Connections: 2\r\n'));
    }
    const third = await open(target.port);
    expect(await readAll(third)).to.match(/^ICAP\/1\.0 503 .*Connection: close/s);
    expect(target.events).to.include('refused');
    await write(first, reqmod());
    expect(await readUntil(first, (text) => text.includes('\r\n\r\n'))).to.include('204');
    first.destroy();
    second.destroy();
  });

  it('of a stop let the request in flight finish and close the idle ones', async () => {
    const busy = await open(target.port);
    const idle = await open(target.port);
    await write(idle, OPTIONS);
    await readUntil(idle, (text) => text.includes('\r\n\r\n'));
    await write(busy, reqmod({ http: POST, body: '5\r\nhel', allow204: false }));
    await readUntil(busy, (text) => text.endsWith('hel'));
    const stopped = target.server.stop(5_000);
    expect(await readAll(idle)).to.equal('');
    const rest = readAll(busy);
    await write(busy, 'lo\r\n0\r\n\r\n');
    expect(await rest).to.equal('lo\r\n0\r\n\r\n');
    await stopped;
    expect(target.server.connections).to.equal(0);
  });

  it('of a stop end what does not finish', async () => {
    const socket = await open(target.port);
    await deliver(socket, 'REQMOD icap');
    const stopped = target.server.stop(5_000);
    target.clock.advance(5_000);
    await stopped;
    expect(await readAll(socket)).to.equal('');
  });
});
