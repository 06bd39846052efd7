import { expect } from 'chai';
import type { PDU, PduFields } from 'smpp';
import {
  startUssdCentre,
  type UssdCentre,
  type UssdCentreOptions,
} from '../../../simulators/ussd-centre/ussd-centre.ts';
import { connectEsme, type Esme } from '../esme.ts';

const MSISDN = '79160000001';
const MENU = { ussd_service_op: 2, data_coding: 0 };
const FINAL = { ussd_service_op: 0x11, data_coding: 0 };

describe('the USSD centre simulator', () => {
  const centres: UssdCentre[] = [];
  const start = async (
    options: Partial<UssdCentreOptions> = {},
  ): Promise<{ centre: UssdCentre; esme: Esme }> => {
    const centre = await startUssdCentre({ systemId: 'gateway', password: 'secret', ...options });
    centres.push(centre);
    const { esme } = await connectEsme(centre.port);
    return { centre, esme };
  };
  const show = (esme: Esme, asked: PDU, fields: PduFields, text: string): Promise<PDU> =>
    esme.submit({
      source_addr: asked.destination_addr,
      destination_addr: asked.source_addr,
      its_session_info: asked.its_session_info,
      short_message: Buffer.from(text),
      ...fields,
    });
  const info = (pdu: PDU): number => (pdu.its_session_info as Buffer).readUInt16BE(0);
  afterEach(async () => {
    await Promise.all(centres.splice(0).map((centre) => centre.close()));
  });

  it('carries a dialogue from the code to the last screen under one session number', async () => {
    const { centre, esme } = await start();
    const dialogue = centre.dial(MSISDN, '*100#');
    const dialled = await esme.next();
    expect([dialled.source_addr, dialled.short_message?.message, dialled.ussd_service_op]).to.deep.equal([
      MSISDN,
      '*100#',
      1,
    ]);
    await show(esme, dialled, MENU, '1 Balance\n2 Catalogue');
    expect((await dialogue.next())?.text).to.equal('1 Balance\n2 Catalogue');
    dialogue.answer('1');
    const answered = await esme.next();
    expect([answered.short_message?.message, answered.ussd_service_op, info(answered)]).to.deep.equal([
      '1',
      0x12,
      info(dialled),
    ]);
    await show(esme, answered, FINAL, 'You have 500 points');
    expect(await dialogue.next()).to.deep.equal({ text: 'You have 500 points', final: true });
    expect(await dialogue.ended).to.equal('final');
    expect(await dialogue.next()).to.equal(undefined);
  });

  it('ends on the end bit of its_session_info as well as on the operation', async () => {
    const { centre, esme } = await start();
    const dialogue = centre.dial(MSISDN, '*100#');
    const dialled = await esme.next();
    const ended = Buffer.alloc(2);
    ended.writeUInt16BE(info(dialled) | 1);
    await show(esme, dialled, { ...MENU, its_session_info: ended }, 'bye');
    expect(await dialogue.ended).to.equal('final');
  });

  it('refuses a screen for another session and one for nobody', async () => {
    const { centre, esme } = await start();
    centre.dial(MSISDN, '*100#');
    const dialled = await esme.next();
    const other = Buffer.alloc(2);
    other.writeUInt16BE((info(dialled) + 2) & 0xffff);
    expect((await show(esme, dialled, { ...MENU, its_session_info: other }, 'x')).command_status).to.equal(
      0x45,
    );
    const nobody = { ...MENU, destination_addr: '79160000009' };
    expect((await show(esme, dialled, nobody, 'x')).command_status).to.equal(0x45);
  });

  it('tells the gateway when the subscriber aborts', async () => {
    const { centre, esme } = await start();
    const dialogue = centre.dial(MSISDN, '*100#');
    const dialled = await esme.next();
    dialogue.abort();
    const aborted = await esme.next();
    expect([aborted.ussd_service_op, info(aborted)]).to.deep.equal([0x81, info(dialled) | 1]);
    expect(await dialogue.ended).to.equal('aborted by subscriber');
    expect((await show(esme, dialled, MENU, 'too late')).command_status).to.equal(0x45);
  });

  it('replaces an open dialogue when the subscriber dials again', async () => {
    const { centre, esme } = await start();
    const first = centre.dial(MSISDN, '*100#');
    const second = centre.dial(MSISDN, '*100#');
    expect(await first.ended).to.equal('replaced');
    const [one, two] = [await esme.next(), await esme.next()];
    expect(info(two)).not.to.equal(info(one));
    await show(esme, two, FINAL, 'hello');
    expect((await second.next())?.text).to.equal('hello');
  });

  it('ends a dialogue that the gateway refuses, and one that finds no gateway', async () => {
    const { centre, esme } = await start();
    esme.answerWith = () => 0x58;
    expect(await centre.dial(MSISDN, '*100#').ended).to.equal('refused');
    esme.close();
    await esme.closed;
    expect(await centre.dial(MSISDN, '*100#').ended).to.equal('refused');
  });

  it('aborts when the gateway shows nothing in time', async () => {
    const { centre, esme } = await start({ gatewayTimeoutMs: 15 });
    const dialogue = centre.dial(MSISDN, '*100#');
    await esme.next();
    expect((await esme.next()).ussd_service_op).to.equal(0x81);
    expect(await dialogue.ended).to.equal('no answer');
  });

  describe('faults', () => {
    it('a silent subscriber: answers go nowhere and the network aborts', async () => {
      const { centre, esme } = await start({ subscriberTimeoutMs: 15 });
      centre.faults.silentSubscriber = true;
      const dialogue = centre.dial(MSISDN, '*100#');
      await show(esme, await esme.next(), MENU, 'menu');
      await dialogue.next();
      dialogue.answer('1');
      expect((await esme.next()).ussd_service_op).to.equal(0x81);
      expect(await dialogue.ended).to.equal('aborted by network');
    });

    it('an abort when the chosen screen arrives', async () => {
      const { centre, esme } = await start();
      centre.faults.abortAtStep = 2;
      const dialogue = centre.dial(MSISDN, '*100#');
      await show(esme, await esme.next(), MENU, 'first');
      await dialogue.next();
      dialogue.answer('1');
      await show(esme, await esme.next(), FINAL, 'second');
      expect(await dialogue.ended).to.equal('aborted by network');
      expect(dialogue.screens.map(({ text }) => text)).to.deep.equal(['first']);
    });

    it('answers under another session number', async () => {
      const { centre, esme } = await start();
      centre.faults.wrongSessionId = true;
      const dialogue = centre.dial(MSISDN, '*100#');
      const dialled = await esme.next();
      await show(esme, dialled, MENU, 'menu');
      await dialogue.next();
      dialogue.answer('1');
      expect(info(await esme.next()) >> 1).not.to.equal(info(dialled) >> 1);
    });
  });
});
