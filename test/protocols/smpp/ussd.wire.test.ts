import { expect } from 'chai';
import type { PDU, PduFields, Session } from 'smpp';
import type { UssdScreen } from '../../../src/channels/ussd/turn.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import type { SmppDeps } from '../../../protocols/smpp/deps.ts';
import {
  deliver,
  Inbox,
  logged,
  oneBind,
  outbound,
  peerSmsc,
  startBound,
  type BoundWire,
  type PeerSmsc,
} from './support.ts';

const MENU = { text: 'menu', end: false };

const op = (value: number): Buffer => Buffer.of(value);
/** TLVs reach npm smpp as integers or octets, depending on their type. */
const octet = (value: Buffer | number | undefined): number =>
  Buffer.isBuffer(value) ? value[0]! : (value ?? Number.NaN);

describe('USSD over SMPP', () => {
  let centre: PeerSmsc;
  let bound: BoundWire | undefined;

  beforeEach(async () => {
    centre = await peerSmsc();
  });
  afterEach(async () => {
    await bound?.wire.close();
    centre.close();
  });

  interface Dialled {
    readonly session: Session;
    readonly seen: BoundWire['seen'];
    readonly shown: Inbox<boolean>;
    dial(fields: PduFields): Promise<PDU>;
  }
  const start = async (
    ussd: object,
    screen: Omit<UssdScreen, 'shown'> | null = MENU,
    overrides: Partial<SmppDeps> = {},
  ): Promise<Dialled> => {
    const shown = new Inbox<boolean>();
    const turns: BoundWire['seen']['turns'] = new Inbox();
    bound = await startBound(oneBind(centre.port, { kind: 'ussd', ussd }), {
      takeUssdTurn: (turn) => {
        turns.put(turn);
        return Promise.resolve(
          screen === null ? undefined : { ...screen, shown: (taken) => shown.put(taken) },
        );
      },
      ...overrides,
    });
    const session = await centre.sessions.next();
    const dial = (fields: PduFields): Promise<PDU> =>
      deliver(session, { destination_addr: '100', service_type: 'USSD', data_coding: 0x44, ...fields });
    return { session, seen: { ...bound.seen, turns }, shown, dial };
  };

  it('begins a dialogue, answers first and shows the screen in the same session', async () => {
    const order: string[] = [];
    const { seen, shown, dial, session } = await start({});
    session.on('pdu', ({ command }) => order.push(command));
    const its_session_info = Buffer.from('0a10', 'hex');
    const answer = await dial({ short_message: Buffer.from('*100#'), ussd_service_op: 1, its_session_info });
    const submit = await centre.submits.next();
    expect(answer.command_status).to.equal(0);
    expect(await seen.turns.next()).to.deep.include({
      centre: 'smsc-a',
      kind: 'begin',
      text: '*100#',
      msisdn: '79160000001',
      sessionKey: '0a10',
      limit: { gsm: 182, ucs2: 80 },
    });
    expect(submit).to.include({
      source_addr: '100',
      destination_addr: '79160000001',
      data_coding: 0x0f,
      service_type: 'USSD',
    });
    expect(octet(submit.ussd_service_op)).to.equal(2);
    expect(submit.its_session_info).to.deep.equal(its_session_info);
    expect(await shown.next()).to.equal(true);
    expect(order).to.deep.equal(['deliver_sm_resp', 'submit_sm']);
  });

  it('goes on and ends, in UCS2 where the text needs it', async () => {
    const { seen, dial } = await start({}, { text: 'Спасибо', end: true });
    await dial({ short_message: Buffer.from('1'), ussd_service_op: 18 });
    const submit = await centre.submits.next();
    expect(seen.turns.all[0]).to.include({ kind: 'continue', text: '1' });
    expect(octet(submit.ussd_service_op)).to.equal(17);
    expect(submit.data_coding).to.equal(0x48);
  });

  describe('names a dialogue by', () => {
    it('15 bits of its_session_info, whose last bit ends it either way', async () => {
      const { seen, dial } = await start({ sessionKey: 'its_session_info' }, { text: 'bye', end: true });
      await dial({
        short_message: Buffer.from('*100#'),
        ussd_service_op: 1,
        its_session_info: Buffer.from([0x01, 0x02]),
      });
      expect((await centre.submits.next()).its_session_info).to.deep.equal(Buffer.from([0x01, 0x03]));
      await dial({
        short_message: Buffer.from('x'),
        ussd_service_op: 18,
        its_session_info: Buffer.from([0x01, 0x03]),
      });
      expect(seen.turns.all.map(({ kind, sessionKey }) => [kind, sessionKey])).to.deep.equal([
        ['begin', '129'],
        ['abort', '129'],
      ]);
    });

    it('user_message_reference', async () => {
      const { seen, dial } = await start({ sessionKey: 'user_message_reference' });
      await dial({ short_message: Buffer.from('*100#'), ussd_service_op: 1, user_message_reference: 4711 });
      expect((await centre.submits.next()).user_message_reference).to.equal(4711);
      expect(seen.turns.all[0]!.sessionKey).to.equal('4711');
    });

    it('nothing but the number', async () => {
      const { seen, dial } = await start({ sessionKey: 'none' });
      await dial({ short_message: Buffer.from('*100#'), its_session_info: Buffer.from([1, 2]) });
      expect((await centre.submits.next()).its_session_info).to.equal(undefined);
      expect(seen.turns.all[0]).to.include({ sessionKey: '', kind: 'begin' });
    });
  });

  it('takes the code from the destination where the centre puts it there', async () => {
    const { seen, dial } = await start({ codeFrom: 'destination' });
    await dial({ short_message: Buffer.from(''), ussd_service_op: 1 });
    expect(seen.turns.all[0]!.text).to.equal('*100#');
  });

  it('uses the octets and codings of the profile', async () => {
    const ops = { begin: [129], continue: [130], abort: [32], screen: 40, end: 41 };
    const { seen, dial } = await start({ ops, gsmCoding: 0, ucs2Coding: 8, serviceType: 'X' });
    await dial({ short_message: Buffer.from('*100#'), ussd_service_op: 129 });
    const submit = await centre.submits.next();
    expect(octet(submit.ussd_service_op)).to.equal(40);
    expect(submit).to.include({ data_coding: 0, service_type: 'X' });
    await dial({ short_message: Buffer.from('1'), ussd_service_op: 130 });
    expect(seen.turns.all.map(({ kind }) => kind)).to.deep.equal(['begin', 'continue']);
  });

  it('answers an abort and shows nothing', async () => {
    const { seen, dial } = await start({}, null);
    expect((await dial({ short_message: Buffer.from(''), ussd_service_op: 129 })).command_status).to.equal(0);
    expect(seen.turns.all[0]!.kind).to.equal('abort');
  });

  it('confirms a shown notification and refuses an operation it does not know, naming it in both bases', async () => {
    const { seen, dial } = await start({});
    expect((await dial({ short_message: op(0), ussd_service_op: 19 })).command_status).to.equal(0);
    expect((await dial({ short_message: op(0), ussd_service_op: 33 })).command_status).to.equal(0xc4);
    expect(seen.turns.all).to.deep.equal([]);
    expect(logged.join('')).to.contain('33 (0x21)');
  });

  it('does not send a screen that comes too late, and lets the centre end the dialogue at once', async () => {
    const clock = manualClock();
    const asked = new Inbox<(screen: UssdScreen) => void>();
    const shown = new Inbox<boolean>();
    const { dial } = await start({ answerMs: 5_000 }, null, {
      clock,
      takeUssdTurn: () => new Promise((resolve) => asked.put(resolve)),
    });
    const answer = dial({ short_message: Buffer.from('*100#'), ussd_service_op: 1 });
    const give = await asked.next();
    clock.advance(5_000);
    expect((await answer).command_status).to.equal(0x65);
    give({ text: 'late', end: true, shown: (taken) => shown.put(taken) });
    expect(await shown.next()).to.equal(false);
    expect(centre.submits.all).to.deep.equal([]);
  });

  it('tells that a screen was not shown when the centre refuses it or it does not fit', async () => {
    const { dial, shown } = await start({});
    centre.answer = () => ({ command_status: 0x45 });
    await dial({ short_message: Buffer.from('*100#'), ussd_service_op: 1 });
    expect(await shown.next()).to.equal(false);
    await bound!.wire.close();
    const long = await start({}, { text: 'a'.repeat(183), end: true });
    await long.dial({ short_message: Buffer.from('*100#'), ussd_service_op: 1 });
    expect(await long.shown.next()).to.equal(false);
    expect(centre.submits.all).to.have.length(1);
  });

  it('goes on after the dialogue core failed', async () => {
    const { dial } = await start({}, null, { takeUssdTurn: () => Promise.reject(new Error('bug')) });
    expect((await dial({ short_message: Buffer.from('*100#'), ussd_service_op: 1 })).command_status).to.equal(
      0x64,
    );
  });

  it('carries no SMS', async () => {
    await start({});
    expect(await bound!.wire.sendSms(outbound('hi'))).to.deep.equal({ kind: 'retry', reason: 'no bind' });
  });
});
