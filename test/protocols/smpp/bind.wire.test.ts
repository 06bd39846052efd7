import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import smpp from 'smpp';
import { manualClock } from '../../../src/runtime/clock.ts';
import { startSmpp } from '../../../protocols/smpp/esme.ts';
import {
  deliver,
  Inbox,
  oneBind,
  outbound,
  peerSmsc,
  rawSmsc,
  recordingDeps,
  startBound,
} from './support.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a bind', () => {
  it('comes back after the connection is lost, as a new session', async () => {
    const smsc = await peerSmsc();
    const { wire, seen, sessionId } = await startBound(oneBind(smsc.port));
    (await smsc.sessions.next()).destroy();
    expect(await seen.ends.next()).to.equal(sessionId);
    const next = await seen.starts.next();
    expect(next.sessionId).to.not.equal(sessionId);
    const session = await smsc.sessions.next();
    await deliver(session, { short_message: 'BALANCE' });
    expect((await seen.mos.next()).sessionId).to.equal(next.sessionId);
    expect(wire.binds()[0]).to.include({ phase: 'bound', reconnects: 1 });
    await wire.close();
    smsc.close();
  });

  it('comes back after a connection that ended inside a PDU, and reads on', async () => {
    const raw = await rawSmsc();
    const { wire, seen } = await startBound(oneBind(raw.port));
    const socket = await raw.bound.next();
    socket.end(Buffer.from([0, 0, 0, 60, 0, 0, 0, 5]));
    await seen.starts.next();
    const second = await raw.bound.next();
    second.write(Buffer.from('00000010000000150000000000000009', 'hex'));
    expect((await raw.received.next()).toString('hex')).to.equal('00000010800000150000000000000009');
    await wire.close();
    raw.close();
  });

  it('takes a message that comes in one piece with the answer to the bind', async () => {
    const message = new smpp.PDU('deliver_sm', {
      source_addr: '79160000001',
      destination_addr: '1010',
      short_message: 'BALANCE',
    });
    message.sequence_number = 7;
    const raw = await rawSmsc(message.toBuffer());
    const { wire, seen, sessionId } = await startBound(oneBind(raw.port));
    expect(await seen.mos.next()).to.include({ text: 'BALANCE', sessionId });
    const answer = await raw.received.next();
    expect(answer.toString('hex', 0, 16)).to.equal('00000011800000050000000000000007');
    await wire.close();
    raw.close();
  });

  it('comes back after unbind by the SMSC', async () => {
    const smsc = await peerSmsc();
    const { wire, seen } = await startBound(oneBind(smsc.port));
    (await smsc.sessions.next()).unbind();
    await seen.ends.next();
    await seen.starts.next();
    await wire.close();
    smsc.close();
  });

  it('tries a refused password again slowly, and says what is wrong', async () => {
    const clock = manualClock();
    const smsc = await peerSmsc();
    smsc.bindStatus = 0x0e;
    const { deps, seen } = recordingDeps({ clock });
    const wire = startSmpp(oneBind(smsc.port, {}, {}, { reconnectMaxMs: 60_000 }), deps);
    const state = (): string => wire.binds()[0]!.phase;
    while (state() !== 'refused') await turn();
    expect(wire.binds()[0]!.lastError).to.contain('ESME_RINVPASWD');
    smsc.bindStatus = 0;
    clock.advance(59_999);
    expect(state()).to.equal('refused');
    clock.advance(1);
    await seen.starts.next();
    expect(state()).to.equal('bound');
    await wire.close();
    smsc.close();
  });

  it('waits 1 s, 2 s, 4 s ... 60 s, up to half of it less by chance, while nobody listens', async () => {
    const clock = manualClock();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const { deps } = recordingDeps({ clock });
    const wire = startSmpp(oneBind(port, {}, {}, { reconnectMinMs: 1_000, reconnectMaxMs: 60_000 }), deps);
    const lost = (): number => wire.binds()[0]!.reconnects;
    for (let attempt = 0; attempt < 9; attempt++) {
      while (lost() === attempt) await turn();
      const full = Math.min(60_000, 1_000 * 2 ** attempt);
      clock.advance(full / 2 - 1);
      expect(wire.binds()[0]!.phase).to.equal('waiting');
      let waited = full / 2 - 1;
      for (; wire.binds()[0]!.phase === 'waiting'; waited += 10) clock.advance(10);
      expect(waited).to.be.at.most(full + 10);
    }
    await wire.close();
  });

  it('gives up on an SMSC that accepts the connection and says nothing', async () => {
    const clock = manualClock();
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { deps } = recordingDeps({ clock });
    const wire = startSmpp(oneBind((server.address() as AddressInfo).port), deps);
    await once(server, 'connection');
    clock.advance(10_000);
    expect(wire.binds()[0]).to.include({ phase: 'waiting', lastError: 'bind deadline' });
    await wire.close();
    server.close();
  });

  it('leaves a half-open SMSC within 45 s', async () => {
    const clock = manualClock();
    const raw = await rawSmsc();
    const { wire, seen } = await startBound(oneBind(raw.port), { clock });
    const socket = await raw.bound.next();
    socket.pause();
    for (let second = 0; second < 45; second++) clock.advance(1_000);
    await seen.ends.next();
    expect(wire.binds()[0]!.lastError).to.equal('enquire_link unanswered');
    await wire.close();
    raw.close();
  });

  for (const [mode, command] of [
    ['receiver', 1],
    ['transmitter', 2],
    ['transceiver', 9],
  ] as const) {
    it(`binds as ${mode}`, async () => {
      const smsc = await peerSmsc();
      const { wire } = await startBound(oneBind(smsc.port, { mode }));
      const receipt = await wire.sendSms(outbound('hi'));
      expect(receipt.kind).to.equal(mode === 'receiver' ? 'retry' : 'accepted');
      expect(wire.binds()[0]).to.include({ mode, phase: 'bound' });
      expect(command).to.be.above(0);
      await wire.close();
      smsc.close();
    });
  }

  it('does not disturb the others when its SMSC is down, and the message takes the way that is up', async () => {
    const smsc = await peerSmsc();
    const dead = await peerSmsc();
    dead.close();
    const config = oneBind(smsc.port);
    const { deps, seen } = recordingDeps();
    const [only] = config.smscs;
    const wire = startSmpp({ ...config, smscs: [{ ...only!, name: 'dead', port: dead.port }, only!] }, deps);
    await seen.starts.next();
    expect(await wire.sendSms(outbound('hi'))).to.deep.include({ kind: 'accepted', smsc: 'smsc-a' });
    expect(await wire.sendSms(outbound('hi', { smsc: 'dead' }))).to.deep.equal({
      kind: 'retry',
      reason: 'no bind',
    });
    await wire.close();
    smsc.close();
  });

  it('spreads messages over its siblings', async () => {
    const smsc = await peerSmsc();
    const config = oneBind(smsc.port);
    const [only] = config.smscs;
    const binds = ['one', 'two'].map((name) => ({ ...only!.binds[0]!, name }));
    const { deps, seen } = recordingDeps();
    const wire = startSmpp({ ...config, smscs: [{ ...only!, binds }] }, deps);
    await seen.starts.next();
    await seen.starts.next();
    const receipts = await Promise.all(Array.from({ length: 10 }, () => wire.sendSms(outbound('hi'))));
    const used = receipts.map((receipt) => (receipt.kind === 'accepted' ? receipt.bind : ''));
    expect(used.filter((name) => name === 'one')).to.have.length(5);
    await wire.close();
    smsc.close();
  });

  describe('when it stops', () => {
    it('waits for the answer to an MO in work, then unbinds', async () => {
      const smsc = await peerSmsc();
      const asked = new Inbox<(verdict: 'done') => void>();
      const { wire } = await startBound(oneBind(smsc.port), {
        receiveMo: () => new Promise((resolve) => asked.put(resolve)),
      });
      const session = await smsc.sessions.next();
      const events: string[] = [];
      session.on('pdu', ({ command }) => events.push(command));
      const answered = deliver(session, { short_message: 'BALANCE' });
      const decide = await asked.next();
      const stopped = wire.close();
      expect((await deliver(session, { short_message: 'HELP' })).command_status).to.equal(0x58);
      decide('done');
      await Promise.all([stopped, answered]);
      expect(events).to.deep.equal(['deliver_sm_resp', 'deliver_sm_resp', 'unbind']);
      smsc.close();
    });

    it('gives waiting messages back and does not wait for ever', async () => {
      const smsc = await peerSmsc();
      smsc.answer = () => undefined;
      const clock = manualClock();
      const { wire, seen, sessionId } = await startBound(oneBind(smsc.port, { window: 1 }), { clock });
      const written = wire.sendSms(outbound('one'));
      const waiting = wire.sendSms(outbound('two'));
      await smsc.submits.next();
      const stopped = wire.close();
      expect(await waiting).to.deep.equal({ kind: 'retry', reason: 'stopping' });
      clock.advance(500);
      await stopped;
      expect((await written).kind).to.equal('unknown');
      expect(await seen.ends.next()).to.equal(sessionId);
      expect(await wire.sendSms(outbound('three'))).to.deep.equal({ kind: 'retry', reason: 'no bind' });
      smsc.close();
    });
  });
});
