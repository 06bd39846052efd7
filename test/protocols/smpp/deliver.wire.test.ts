import { expect } from 'chai';
import type { PduFields } from 'smpp';
import type { MoVerdict } from '../../../src/channels/mobile-originated.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import type { SmppDeps } from '../../../protocols/smpp/deps.ts';
import { MALFORMED_DELIVERIES } from './octets.ts';
import {
  deliver,
  Inbox,
  logged,
  oneBind,
  outbound,
  peerSmsc,
  rawSmsc,
  startBound,
  type BoundWire,
  type PeerSmsc,
} from './support.ts';

describe('what an SMSC delivers', () => {
  let smsc: PeerSmsc;
  let bound: BoundWire | undefined;

  const start = async (
    bind: object = {},
    overrides: Partial<SmppDeps> = {},
    smscKeys: object = {},
  ): Promise<BoundWire & { session: Awaited<ReturnType<PeerSmsc['sessions']['next']>> }> => {
    bound = await startBound(oneBind(smsc.port, bind, smscKeys), overrides);
    return { ...bound, session: await smsc.sessions.next() };
  };

  beforeEach(async () => {
    smsc = await peerSmsc();
  });
  afterEach(async () => {
    await bound?.wire.close();
    smsc.close();
  });

  const verdicts: [MoVerdict, number][] = [
    ['done', 0],
    ['retry', 0x64],
    ['never', 0x65],
    ['full', 0x58],
  ];
  for (const [verdict, status] of verdicts) {
    it(`is answered 0x${status.toString(16)} when the verdict is "${verdict}"`, async () => {
      const { session } = await start({}, { receiveMo: () => Promise.resolve(verdict) });
      expect((await deliver(session, { short_message: 'BALANCE' })).command_status).to.equal(status);
    });
  }

  it('is answered only after the verdict', async () => {
    const release = new Inbox<(verdict: MoVerdict) => void>();
    const { session } = await start(
      {},
      { receiveMo: () => new Promise<MoVerdict>((resolve) => release.put(resolve)) },
    );
    const order: string[] = [];
    const answered = deliver(session, { short_message: 'BALANCE' }).then(() => order.push('answer'));
    const decide = await release.next();
    await new Promise<void>((resolve) => session.enquire_link(() => resolve()));
    order.push('verdict');
    decide('done');
    await answered;
    expect(order).to.deep.equal(['verdict', 'answer']);
  });

  it('is answered "later" when the core fails or takes too long', async () => {
    const clock = manualClock();
    const asked = new Inbox<string>();
    const { session, seen } = await start(
      {},
      {
        clock,
        receiveMo: (mo) => {
          asked.put(mo.text);
          return mo.text === 'FAIL' ? Promise.reject(new Error('bug')) : new Promise(() => undefined);
        },
      },
    );
    expect((await deliver(session, { short_message: 'FAIL' })).command_status).to.equal(0x64);
    const slow = deliver(session, { short_message: 'SLOW' });
    await asked.next();
    await asked.next();
    clock.advance(30_000);
    expect((await slow).command_status).to.equal(0x64);
    expect((await seen.late.next()).text).to.equal('SLOW');
  });

  it('is reported when our answer took longer than five seconds', async () => {
    const clock = manualClock();
    const { session, seen } = await start(
      {},
      {
        clock,
        receiveMo: (mo) => {
          clock.advance(mo.text === 'LATE' ? 5_001 : 5_000);
          return Promise.resolve('done');
        },
      },
    );
    await deliver(session, { short_message: 'INTIME' });
    await deliver(session, { short_message: 'LATE' });
    expect(seen.late.all.map(({ text }) => text)).to.deep.equal(['LATE']);
  });

  it('is known to be answered once a later request of ours is', async () => {
    const clock = manualClock();
    const { session, seen, wire, sessionId } = await start({}, { clock });
    await deliver(session, { short_message: 'BALANCE' });
    clock.advance(5);
    await wire.sendSms(outbound('reply'));
    expect(await seen.proofs.next()).to.deep.equal({ sessionId, until: clock.now() });
  });

  it('comes from numbers in whatever form, and to the core in one', async () => {
    const numberPlan = { countryCode: '7', trunkPrefix: '8', nationalLength: 10 };
    const { session, seen } = await start({}, {}, { numberPlan });
    for (const [source_addr, source_addr_ton] of [
      ['79160000001', 1],
      ['9160000001', 2],
      ['89160000001', 0],
      ['+79160000001', 0],
      ['79160000001', 3],
      ['79160000001', 5],
    ] as const) {
      await deliver(session, { source_addr, source_addr_ton, short_message: 'BALANCE' });
    }
    expect(new Set(seen.mos.all.map(({ source }) => source))).to.deep.equal(new Set(['79160000001']));
  });

  it('is taken as a live SMSC labels it: esm_class 1, service_type CMT, data_coding 1', async () => {
    const { session, seen } = await start();
    const answer = await deliver(session, {
      service_type: 'CMT',
      source_addr_ton: 3,
      esm_class: 1,
      data_coding: 1,
      registered_delivery: 1,
      user_message_reference: 5,
      short_message: Buffer.from('BALANCE'),
    });
    expect(answer.command_status).to.equal(0);
    expect((await seen.mos.next()).text).to.equal('BALANCE');
  });

  it('may come as message_payload or as data_sm', async () => {
    const { session, seen } = await start();
    await deliver(session, { message_payload: 'LONG' });
    await new Promise((resolve) => {
      const fields = { source_addr: '79160000001', destination_addr: '7070', message_payload: 'DATA' };
      session.data_sm(fields, resolve);
    });
    expect(seen.mos.all.map(({ text }) => text)).to.deep.equal(['LONG', 'DATA']);
  });

  it('carries the parameter that tells repeats apart', async () => {
    const { session, seen } = await start({ moIdentity: 'user_message_reference' });
    await deliver(session, { short_message: 'BALANCE', user_message_reference: 4711 });
    await deliver(session, { short_message: 'BALANCE' });
    expect(seen.mos.all.map(({ identity }) => identity)).to.deep.equal(['4711', '']);
  });

  describe('in parts', () => {
    const udh = (number: number, text: string): PduFields => ({
      esm_class: 0x40,
      short_message: { udh: Buffer.from([5, 0, 3, 9, 2, number]), message: text },
    });

    it('is put together from headers, and each part is answered once the whole is durable', async () => {
      const { session, seen } = await start();
      const answers = await Promise.all([
        deliver(session, udh(2, '2 100')),
        deliver(session, udh(1, 'TRANSFER 7916000000')),
      ]);
      expect(answers.map(({ command_status }) => command_status)).to.deep.equal([0, 0]);
      expect(seen.mos.all.map(({ text }) => text)).to.deep.equal(['TRANSFER 79160000002 100']);
    });

    it('is put together from SAR parameters', async () => {
      const { session, seen } = await start();
      const sar = (number: number, text: string): PduFields => ({
        short_message: text,
        sar_msg_ref_num: 300,
        sar_total_segments: 2,
        sar_segment_seqnum: number,
      });
      await Promise.all([deliver(session, sar(1, 'HE')), deliver(session, sar(2, 'LP'))]);
      expect(seen.mos.all.map(({ text }) => text)).to.deep.equal(['HELP']);
    });

    it('fails and is repeated as a whole', async () => {
      const answers: MoVerdict[] = ['retry', 'done'];
      const { session } = await start({}, { receiveMo: () => Promise.resolve(answers.shift()!) });
      const both = (): Promise<number[]> =>
        Promise.all([deliver(session, udh(1, 'A')), deliver(session, udh(2, 'B'))]).then((pdus) =>
          pdus.map(({ command_status }) => command_status),
        );
      expect(await both()).to.deep.equal([0x64, 0x64]);
      expect(await both()).to.deep.equal([0, 0]);
    });

    it('does not wait for parts that an SMSC with a window of one never sends before the answer', async () => {
      const { session, seen } = await start({}, {}, { partPatienceMs: 0 });
      expect((await deliver(session, udh(1, 'HE'))).command_status).to.equal(0);
      expect((await deliver(session, udh(2, 'LP'))).command_status).to.equal(0);
      expect(seen.mos.all.map(({ text }) => text)).to.deep.equal(['HELP']);
    });

    it('is refused when its header reaches past the text', async () => {
      const { session, seen } = await start();
      const answer = await deliver(session, {
        esm_class: 0x40,
        data_coding: 4,
        short_message: Buffer.from([9, 0, 3]),
      });
      expect(answer.command_status).to.equal(1);
      expect(seen.mos.all).to.deep.equal([]);
    });
  });

  describe('as a receipt', () => {
    const text =
      'id:0042 sub:001 dlvrd:001 submit date:2611260700 done date:2611260701 stat:DELIVRD err:000 text:';

    it('is stored, with its id normalised, and answered', async () => {
      const { session, seen } = await start();
      const answer = await deliver(session, {
        esm_class: 4,
        data_coding: 2,
        short_message: Buffer.from(text),
      });
      expect(answer.command_status).to.equal(0);
      expect(await seen.receipts.next()).to.deep.include({
        smsc: 'smsc-a',
        bind: 'main',
        messageId: '42',
        messageState: 'delivered',
        source: '79160000001',
      });
      expect(seen.mos.all).to.deep.equal([]);
    });

    it('is asked for again when it could not be stored', async () => {
      const { session } = await start({}, { receiveReceipt: () => Promise.resolve(false) });
      expect((await deliver(session, { esm_class: 4, short_message: text })).command_status).to.equal(0x64);
    });

    it('never becomes a command, readable or not', async () => {
      const { session, seen } = await start();
      const answers = [
        await deliver(session, { esm_class: 4, short_message: 'TRANSFER 79160000002 100' }),
        await deliver(session, { esm_class: 8, short_message: 'TRANSFER 79160000002 100' }),
        await deliver(session, { esm_class: 0x10, short_message: 'TRANSFER 79160000002 100' }),
      ];
      expect(answers.map(({ command_status }) => command_status)).to.deep.equal([0, 0, 0]);
      expect(seen.mos.all).to.deep.equal([]);
    });
  });

  it('is throttled while the intake is paused', async () => {
    const { session, seen, wire } = await start();
    wire.pauseIntake();
    expect((await deliver(session, { short_message: 'BALANCE' })).command_status).to.equal(0x58);
    wire.resumeIntake();
    expect((await deliver(session, { short_message: 'BALANCE' })).command_status).to.equal(0);
    expect(seen.mos.all).to.have.length(1);
  });

  it('is refused on a bind that only sends', async () => {
    const { session, seen } = await start({ mode: 'transmitter' });
    expect((await deliver(session, { short_message: 'BALANCE' })).command_status).to.equal(4);
    expect(seen.mos.all).to.deep.equal([]);
  });

  it('leaves neither numbers nor texts in the log', async () => {
    const { session } = await start({}, { receiveMo: () => Promise.reject(new Error('bug')) });
    await deliver(session, { short_message: 'SECRETWORD' });
    expect(logged.join('')).to.not.match(/SECRETWORD|79160000001/);
  });

  it('never reaches the core when it is malformed', async () => {
    const raw = await rawSmsc();
    const { wire, seen } = await startBound(oneBind(raw.port));
    const socket = await raw.bound.next();
    for (const { octets } of MALFORMED_DELIVERIES) {
      socket.write(octets);
      const answer = await raw.received.next();
      expect(answer.readUInt32BE(4)).to.equal(0x80000005);
      expect(answer.readUInt32BE(8)).to.be.above(0);
    }
    expect(seen.mos.all).to.deep.equal([]);
    raw.close();
    await wire.close();
  });
});
