import { expect } from 'chai';
import type { SubmitReceipt } from '../../../src/notify/ports.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import { oneBind, outbound, peerSmsc, startBound, type BoundWire, type PeerSmsc } from './support.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('sending', () => {
  let smsc: PeerSmsc;
  let bound: BoundWire | undefined;

  beforeEach(async () => {
    smsc = await peerSmsc();
  });
  afterEach(async () => {
    await bound?.wire.close();
    smsc.close();
  });
  const start = async (...config: [object?, object?, object?]): Promise<BoundWire> =>
    (bound = await startBound(oneBind(smsc.port, ...config)));

  it('cuts a long text into numbered parts and gives an id for each', async () => {
    const { wire } = await start();
    const receipt = await wire.sendSms(outbound('a'.repeat(200)));
    expect(receipt).to.deep.include({ kind: 'accepted', messageIds: ['1', '2'] });
    const parts = smsc.submits.all.map(({ short_message }) => short_message!);
    expect(parts.map(({ message }) => message.length)).to.deep.equal([153, 47]);
    const headers = parts.map(({ udh }) => (udh as Buffer[])[0]!);
    expect(headers.map((header) => [...header.subarray(3)])).to.deep.equal([
      [2, 1],
      [2, 2],
    ]);
    expect(smsc.submits.all.map(({ esm_class }) => esm_class)).to.deep.equal([0x40, 0x40]);
  });

  it('numbers parts by SAR, or sends one payload, as the bind wants', async () => {
    const sar = await start({ concatenation: 'sar' });
    await sar.wire.sendSms(outbound('я'.repeat(100)));
    expect(smsc.submits.all.map((pdu) => [pdu.sar_total_segments, pdu.sar_segment_seqnum])).to.deep.equal([
      [2, 1],
      [2, 2],
    ]);
    await sar.wire.close();
    const payload = await start({ concatenation: 'payload' });
    await payload.wire.sendSms(outbound('я'.repeat(100)));
    expect(smsc.submits.all.at(-1)!.message_payload!.message).to.equal('я'.repeat(100));
  });

  it('asks for a receipt when one is wanted, and names the sender by its kind', async () => {
    const { wire } = await start();
    await wire.sendSms(outbound('hi', { receipt: true, source: 'Bonus' }));
    await wire.sendSms(outbound('hi'));
    expect(smsc.submits.all.map((pdu) => [pdu.registered_delivery, pdu.source_addr_ton])).to.deep.equal([
      [1, 5],
      [0, 0],
    ]);
  });

  const answers: [string, number, SubmitReceipt][] = [
    ['no such number', 0x0b, { kind: 'refused', status: 0x0b }],
    ['a status of its own', 0x410, { kind: 'refused', status: 0x410 }],
    ['trouble inside', 0x08, { kind: 'retry', reason: 'refused for now', status: 8 }],
  ];
  for (const [name, command_status, expected] of answers) {
    it(`tells how it ended: ${name}`, async () => {
      const { wire } = await start();
      smsc.answer = () => ({ command_status });
      expect(await wire.sendSms(outbound('hi'))).to.deep.equal(expected);
      expect(Object.values(wire.binds()[0]!.statuses)).to.deep.equal([1]);
    });
  }

  it('refuses what no PDU can carry and goes on', async () => {
    const { wire } = await start();
    expect(await wire.sendSms(outbound('hi', { destination: '7'.repeat(40) }))).to.deep.equal({
      kind: 'refused',
      status: 0x0b,
    });
    expect(await wire.sendSms(outbound('hi', { source: 'Бонус' }))).to.deep.equal({
      kind: 'refused',
      status: 0x0a,
    });
    expect(await wire.sendSms(outbound('я'.repeat(20_000)))).to.deep.equal({ kind: 'refused', status: 1 });
    expect((await wire.sendSms(outbound('hi'))).kind).to.equal('accepted');
  });

  it('does not know what became of a message whose answer never came', async () => {
    const clock = manualClock();
    bound = await startBound(oneBind(smsc.port), { clock });
    smsc.answer = () => undefined;
    const sent = bound.wire.sendSms(outbound('hi'));
    await smsc.submits.next();
    clock.advance(10_000);
    expect(await sent).to.deep.equal({ kind: 'unknown', reason: 'no response' });
  });

  it('does not know what became of a message when the connection is lost after it', async () => {
    const { wire } = await start();
    smsc.answer = () => undefined;
    const sent = wire.sendSms(outbound('hi'));
    await smsc.submits.next();
    (await smsc.sessions.next()).destroy();
    expect((await sent).kind).to.equal('unknown');
  });

  it('gives back for later what was never written', async () => {
    const { wire, seen } = await start({ window: 1 });
    smsc.answer = () => undefined;
    const written = wire.sendSms(outbound('one'));
    const waiting = wire.sendSms(outbound('two'));
    await smsc.submits.next();
    (await smsc.sessions.next()).destroy();
    expect(await waiting).to.deep.equal({ kind: 'retry', reason: 'bind lost' });
    expect((await written).kind).to.equal('unknown');
    await seen.ends.next();
    expect(await wire.sendSms(outbound('three'))).to.deep.equal({ kind: 'retry', reason: 'no bind' });
  });

  it('keeps to the window', async () => {
    const { wire } = await start({ window: 3 });
    const held: (() => void)[] = [];
    const session = await smsc.sessions.next();
    smsc.answer = (pdu) => {
      held.push(() => session.send(pdu.response({ message_id: 'x' })));
      return undefined;
    };
    const all = Promise.all(Array.from({ length: 10 }, () => wire.sendSms(outbound('hi'))));
    let answered = 0;
    while (answered < 10) {
      await turn();
      expect(smsc.submits.all.length - answered).to.be.at.most(3);
      if (held.length > answered) held[answered++]!();
    }
    expect((await all).every(({ kind }) => kind === 'accepted')).to.equal(true);
  });

  it('keeps to the rate, counting parts', async () => {
    const clock = manualClock();
    bound = await startBound(oneBind(smsc.port, { ratePerS: 2, window: 100 }), { clock });
    const sent = bound.wire.sendSms(outbound('a'.repeat(400)));
    await smsc.submits.next();
    for (let part = 2; part <= 3; part++) {
      await turn();
      expect(smsc.submits.all).to.have.length(part - 1);
      clock.advance(500);
      await smsc.submits.next();
    }
    expect((await sent).kind).to.equal('accepted');
  });

  it('lets replies pass service messages and those campaigns', async () => {
    const { wire } = await start({ window: 1 });
    const order = ['campaign', 'campaign', 'service', 'reply'] as const;
    await Promise.all(order.map((priority) => wire.sendSms(outbound(priority, { priority }))));
    const texts = smsc.submits.all.map(({ short_message }) => short_message!.message);
    expect(texts).to.deep.equal(['campaign', 'reply', 'service', 'campaign']);
  });

  it('loses and doubles nothing when every third submit is throttled', async () => {
    const clock = manualClock();
    bound = await startBound(
      oneBind(
        smsc.port,
        { window: 5 },
        {},
        { queueTimeoutMs: 600_000, requestTimeoutMs: 600_000, enquireLinkTimeoutMs: 600_000 },
      ),
      { clock },
    );
    const { wire } = bound;
    const taken: string[] = [];
    let count = 0;
    smsc.answer = (pdu) => {
      if (++count % 3 === 0) return { command_status: count % 2 === 0 ? 0x58 : 0x14 };
      taken.push(String(pdu.short_message!.message));
      return { message_id: String(count) };
    };
    const texts = Array.from({ length: 40 }, (_, index) => `message ${index}`);
    let open = texts.length;
    const receipts = Promise.all(texts.map((text) => wire.sendSms(outbound(text)).finally(() => open--)));
    while (open > 0) {
      await turn();
      if (wire.binds()[0]!.throttledMs > 0) clock.advance(1_000);
      else clock.advance(1);
    }
    expect((await receipts).every(({ kind }) => kind === 'accepted')).to.equal(true);
    expect(taken.toSorted()).to.deep.equal(texts.toSorted());
  });

  it('sends nothing while throttled, and gives up when the message has waited too long', async () => {
    const clock = manualClock();
    bound = await startBound(oneBind(smsc.port, {}, {}, { queueTimeoutMs: 2_500 }), { clock });
    smsc.answer = () => ({ command_status: 0x58 });
    const sent = bound.wire.sendSms(outbound('hi'));
    await smsc.submits.next();
    while (bound.wire.binds()[0]!.throttledMs === 0) await turn();
    clock.advance(999);
    await turn();
    expect(smsc.submits.all).to.have.length(1);
    clock.advance(1);
    await smsc.submits.next();
    while (bound.wire.binds()[0]!.throttledMs === 0) await turn();
    clock.advance(1_500);
    expect(await sent).to.deep.equal({ kind: 'retry', reason: 'not sent in time' });
  });

  it('never offers a message again of which some parts were taken', async () => {
    const { wire } = await start({ window: 1 });
    smsc.answer = (pdu) => (pdu.sequence_number % 2 === 0 ? { message_id: 'a' } : { command_status: 8 });
    expect(await wire.sendSms(outbound('a'.repeat(400)))).to.deep.equal({
      kind: 'unknown',
      reason: 'only some parts were sent',
    });
    expect(smsc.submits.all).to.have.length(2);
  });

  it('joins a second offer of the same message to the first', async () => {
    const { wire } = await start();
    const mt = outbound('hi');
    const [first, second] = await Promise.all([wire.sendSms(mt), wire.sendSms(mt)]);
    expect(first).to.deep.equal(second);
    expect(smsc.submits.all).to.have.length(1);
  });

  it('slows down for a centre that says it is nearly congested', async () => {
    const clock = manualClock();
    bound = await startBound(oneBind(smsc.port), { clock });
    smsc.answer = () => ({ message_id: 'x', congestion_state: 95 }) as object;
    await bound.wire.sendSms(outbound('hi'));
    expect(bound.wire.binds()[0]!.throttledMs).to.equal(1_000);
  });

  it('refuses a full queue instead of growing it', async () => {
    const { wire } = await start({ window: 1 }, {}, { queueMax: 2 });
    smsc.answer = () => undefined;
    const sent = Array.from({ length: 4 }, () => wire.sendSms(outbound('hi')));
    expect(await sent[3]).to.deep.equal({ kind: 'retry', reason: 'queue full' });
  });
});
