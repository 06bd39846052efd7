import { expect } from 'chai';
import { once } from 'node:events';
import smpp, { type PDU } from 'smpp';
import { startSmsc, type Smsc, type SmscOptions } from '../../../simulators/smsc/smsc.ts';
import { connectEsme, type Esme } from '../esme.ts';

const MSISDN = '79160000001';
const toHandset = { source_addr: '1010', destination_addr: MSISDN };

describe('the SMSC simulator', () => {
  const smscs: Smsc[] = [];
  const start = async (options: Partial<SmscOptions> = {}): Promise<Smsc> => {
    const smsc = await startSmsc({
      systemId: 'gateway',
      password: 'secret',
      responseTimeoutMs: 40,
      retryDelayMs: 1,
      ...options,
    });
    smscs.push(smsc);
    return smsc;
  };
  const bound = async (smsc: Smsc, mode = 'transceiver'): Promise<Esme> => {
    const { esme, bind } = await connectEsme(smsc.port, { mode });
    expect(bind.command_status).to.equal(0);
    return esme;
  };
  afterEach(async () => {
    await Promise.all(smscs.splice(0).map((smsc) => smsc.close()));
  });

  describe('binds', () => {
    it('are refused for a wrong system id, a wrong password, and on demand', async () => {
      const smsc = await start();
      const status = async (login: object): Promise<number> =>
        (await connectEsme(smsc.port, login)).bind.command_status;
      expect(await status({ systemId: 'other' })).to.equal(smpp.ESME_RINVSYSID);
      expect(await status({ password: 'other' })).to.equal(smpp.ESME_RINVPASWD);
      smsc.faults.refuseBind = true;
      expect(await status({})).to.equal(smpp.ESME_RBINDFAIL);
      expect(smsc.binds).to.equal(0);
    });

    it('come before anything else, and only a transmitter may submit', async () => {
      const smsc = await start();
      const { esme: unbound } = await connectEsme(smsc.port, { password: 'other' });
      expect((await unbound.submit(toHandset)).command_status).to.equal(smpp.ESME_RINVBNDSTS);
      const receiver = await bound(smsc, 'receiver');
      expect((await receiver.submit(toHandset)).command_status).to.equal(smpp.ESME_RINVBNDSTS);
    });

    it('answer enquire_link, and end with unbind', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      const ask = (how: 'enquire_link' | 'unbind'): Promise<PDU> =>
        new Promise((resolve) => esme.session[how](resolve));
      expect((await ask('enquire_link')).command).to.equal('enquire_link_resp');
      expect((await ask('unbind')).command).to.equal('unbind_resp');
      await esme.closed;
    });

    it('answer an unknown request with generic_nack', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      const nack = once(esme.session, 'generic_nack') as Promise<[PDU]>;
      esme.session.socket.write(Buffer.from('00000010000099990000000000000055', 'hex'));
      expect((await nack)[0].sequence_number).to.equal(0x55);
    });
  });

  describe('messages to a handset', () => {
    it('arrive decoded, GSM and UCS2 alike', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      const handset = smsc.handset(MSISDN);
      await esme.submit({
        ...toHandset,
        data_coding: 0,
        short_message: Buffer.from('You have 5\x1be points'),
      });
      await esme.submit({ ...toHandset, data_coding: 8, short_message: ucs2('У вас 500 баллов 😀') });
      expect((await handset.next()).text).to.equal('You have 5€ points');
      expect((await handset.next()).text).to.equal('У вас 500 баллов 😀');
    });

    it('arrive as one text from UDH parts in any order, with an 8-bit or a 16-bit reference', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      const part = (udh: string, text: string): Promise<PDU> =>
        esme.submit({
          ...toHandset,
          esm_class: 0x40,
          data_coding: 0,
          short_message: Buffer.concat([Buffer.from(udh, 'hex'), Buffer.from(text)]),
        });
      await part('050003070202', 'points');
      await part('050003070201', 'many ');
      await part('06080401070201', 'wide ');
      await part('06080401070202', 'reference');
      const { text, parts } = await smsc.handset(MSISDN).next();
      expect({ text, parts }).to.deep.equal({ text: 'many points', parts: 2 });
      expect((await smsc.handset(MSISDN).next()).text).to.equal('wide reference');
    });

    it('arrive as one text from SAR parts and from message_payload', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      for (const [at, text] of ['by ', 'SAR'].entries()) {
        await esme.submit({
          ...toHandset,
          data_coding: 0,
          short_message: Buffer.from(text),
          sar_msg_ref_num: 300,
          sar_total_segments: 2,
          sar_segment_seqnum: at + 1,
        });
      }
      await esme.submit({ ...toHandset, data_coding: 0, message_payload: Buffer.from('x'.repeat(20_000)) });
      expect((await smsc.handset(MSISDN).next()).text).to.equal('by SAR');
      expect((await smsc.handset(MSISDN).next()).text).to.have.lengthOf(20_000);
    });

    it('to no number are refused', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      const answer = await esme.submit({ ...toHandset, destination_addr: 'nobody' });
      expect(answer.command_status).to.equal(smpp.ESME_RINVDSTADR);
    });
  });

  describe('messages from a handset', () => {
    it('reach the gateway and are reported as delivered', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      const status = await smsc.handset(MSISDN).send('BALANCE', '1010');
      const pdu = await esme.next();
      expect(status).to.deep.equal({ kind: 'delivered', commandStatus: 0, attempts: 1, answers: [0] });
      expect([pdu.source_addr, pdu.destination_addr, pdu.short_message?.message]).to.deep.equal([
        MSISDN,
        '1010',
        'BALANCE',
      ]);
    });

    it('wait for a bind when there is none', async () => {
      const smsc = await start();
      const status = smsc.handset(MSISDN).send('BALANCE', '1010');
      await bound(smsc, 'transmitter');
      await bound(smsc, 'receiver');
      expect((await status).kind).to.equal('delivered');
    });

    it('are split when long, all parts on their way before the first answer', async () => {
      const smsc = await start({ responseTimeoutMs: 5_000 });
      const esme = await bound(smsc);
      esme.answerWith = () => undefined;
      const status = smsc.handset(MSISDN).send('я'.repeat(150), '1010');
      const parts = [await esme.next(), await esme.next(), await esme.next()];
      for (const pdu of parts) esme.session.send(pdu.response());
      expect((await status).kind).to.equal('delivered');
      expect(parts.map((pdu) => pdu.short_message?.message).join('')).to.equal('я'.repeat(150));
      expect(parts.map((pdu) => (pdu.short_message?.udh as Buffer[])[0]?.at(-1))).to.deep.equal([1, 2, 3]);
    });

    it('come again with the same octets while nobody answers, and after a temporary error', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      const answers = [undefined, smpp.ESME_RX_T_APPN, smpp.ESME_RTHROTTLED, 0];
      const left = [...answers];
      esme.answerWith = () => left.shift();
      const status = await smsc.handset(MSISDN).send('TRANSFER 79160000002 100', '1010');
      expect(status).to.deep.equal({ kind: 'delivered', commandStatus: 0, attempts: 4, answers });
      const bodies = esme.delivered.map((pdu) => pdu.toBuffer().subarray(16).toString('hex'));
      expect(new Set(bodies).size).to.equal(1);
      expect(new Set(esme.delivered.map((pdu) => pdu.sequence_number)).size).to.equal(4);
    });

    it('come again on the next connection when the first one is lost before the answer', async () => {
      const smsc = await start({ responseTimeoutMs: 5_000 });
      const first = await bound(smsc);
      first.answerWith = () => undefined;
      const status = smsc.handset(MSISDN).send('BALANCE', '1010');
      await first.next();
      first.close();
      await first.closed;
      await bound(smsc);
      expect((await status).attempts).to.be.greaterThan(1);
    });

    it('are given up after a permanent error or the last attempt', async () => {
      const smsc = await start({ maxAttempts: 2 });
      const esme = await bound(smsc);
      esme.answerWith = () => smpp.ESME_RX_P_APPN;
      expect((await smsc.handset(MSISDN).send('BALANCE', '1010')).kind).to.equal('rejected');
      esme.answerWith = () => smpp.ESME_RX_T_APPN;
      const expired = await smsc.handset(MSISDN).send('BALANCE', '1010');
      expect(expired).to.deep.include({ kind: 'expired', attempts: 2 });
      expect(expired.answers).to.deep.equal([smpp.ESME_RX_T_APPN, smpp.ESME_RX_T_APPN]);
      expect(smsc.handset(MSISDN).messages.map(({ state }) => state)).to.deep.equal(['rejected', 'expired']);
    });

    it('look like those of osmo-msc when asked to', async () => {
      const smsc = await start({ profile: 'osmocom' });
      const esme = await bound(smsc);
      const alert = once(esme.session, 'alert_notification');
      await smsc.handset(MSISDN).send('BALANCE', '1010');
      await alert;
      const pdu = await esme.next();
      expect([pdu.service_type, pdu.source_addr_ton, pdu.esm_class, pdu.data_coding]).to.deep.equal([
        'CMT',
        3,
        1,
        1,
      ]);
      expect(pdu.sequence_number).to.be.greaterThan(1_000_000);
    });
  });

  describe('receipts', () => {
    const receipt = async (receipts: Smsc['faults']['receipts']): Promise<{ id: string; pdu: PDU }> => {
      const smsc = await start();
      const esme = await bound(smsc);
      smsc.faults.receipts = receipts;
      const message = {
        ...toHandset,
        data_coding: 0,
        registered_delivery: 1,
        short_message: Buffer.from('hi'),
      };
      const { message_id: id = '' } = await esme.submit(message);
      return { id, pdu: await esme.next() };
    };

    it('come for a message that asked for one, with its id in text and TLV', async () => {
      const { id, pdu } = await receipt('none');
      expect(pdu.esm_class).to.equal(4);
      expect(pdu.receipted_message_id).to.equal(id);
      expect(pdu.short_message?.message).to.match(
        new RegExp(`^id:${id} sub:001 .* stat:DELIVRD err:000 text:hi$`),
      );
    });

    it('come broken on demand', async () => {
      expect((await receipt('no tlv')).pdu.receipted_message_id).to.equal(undefined);
      expect((await receipt('garbled')).pdu.short_message?.message).to.contain('stat=??');
      const { id, pdu } = await receipt('unknown id');
      expect(pdu.receipted_message_id).not.to.equal(id);
    });
  });

  describe('faults', () => {
    it('throttle every k-th submit_sm and take the others', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      smsc.faults.throttleEvery = 3;
      const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => esme.submit(toHandset)));
      expect(answers.map((pdu) => pdu.command_status === smpp.ESME_RTHROTTLED)).to.deep.equal([
        false,
        false,
        true,
        false,
        false,
        true,
      ]);
      expect(smsc.handset(MSISDN).messages).to.have.lengthOf(4);
    });

    it('drop the response of a message that was taken', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      smsc.faults.dropResponses = true;
      let answered = false;
      void esme.submit(toHandset).then(() => (answered = true));
      await smsc.handset(MSISDN).next();
      await new Promise<void>((resolve) => esme.session.enquire_link(() => resolve()));
      expect(answered).to.equal(false);
    });

    it('delay a response behind later answers', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      smsc.faults.delayMs = 100;
      const order: string[] = [];
      const submitted = esme.submit(toHandset).then(() => order.push('submit'));
      await new Promise<void>((resolve) => esme.session.enquire_link(() => resolve()));
      order.push('enquire');
      await submitted;
      expect(order).to.deep.equal(['enquire', 'submit']);
    });

    it('stay silent to everything while messages from handsets still go out', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      smsc.faults.silent = true;
      let heard = 0;
      esme.session.on('pdu', (pdu) => (heard += pdu.isResponse() ? 1 : 0));
      esme.session.enquire_link();
      void esme.submit(toHandset);
      await smsc.handset(MSISDN).send('BALANCE', '1010');
      expect(heard).to.equal(0);
      expect(smsc.handset(MSISDN).messages).to.have.lengthOf(1);
    });

    it('deliver a message three times although it was answered', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      smsc.faults.redeliverTwice = true;
      await smsc.handset(MSISDN).send('BALANCE', '1010');
      expect(esme.delivered).to.have.lengthOf(3);
    });

    it('cut a connection inside a PDU', async () => {
      const smsc = await start();
      const esme = await bound(smsc);
      let octets = 0;
      esme.session.socket.on('data', (chunk: Buffer) => (octets += chunk.length));
      smsc.cutMidPdu();
      await esme.closed;
      expect(octets).to.be.greaterThan(16);
      expect(smsc.binds).to.equal(0);
    });
  });
});

function ucs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}
