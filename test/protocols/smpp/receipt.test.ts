import { expect } from 'chai';
import { messageIdNormaliser } from '../../../protocols/smpp/message-id.ts';
import { parseReceipt } from '../../../protocols/smpp/receipt.ts';
import { smppConfig, type SmppReceiptId } from '../../../src/runtime/config/smpp.ts';

const read = (text: string, tlvs: Parameters<typeof parseReceipt>[1] = {}): ReturnType<typeof parseReceipt> =>
  parseReceipt(Buffer.from(text, 'latin1'), tlvs);

describe('a delivery receipt', () => {
  it('is read from the text of SMPP 3.4 Appendix B', () => {
    const text =
      'id:0123456789 sub:001 dlvrd:001 submit date:2611260700 done date:2611260701 stat:DELIVRD err:000 text:Your bal';
    expect(read(text)).to.deep.equal({ messageId: '0123456789', messageState: 'delivered' });
  });

  it('is read although a live centre sends letters for dates', () => {
    const text =
      'id:00000002 sub:000 dlvrd:000 submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 text:';
    expect(read(text)).to.deep.equal({ messageId: '00000002', messageState: 'delivered' });
  });

  const texts: [string, ReturnType<typeof parseReceipt>][] = [
    ['ID:AB12 STAT:UNDELIV ERR:00B', { messageId: 'AB12', messageState: 'undeliverable', error: '00B' }],
    ['id: 42 stat: EXPIRED err: 1', { messageId: '42', messageState: 'expired', error: '1' }],
    ['id:42 stat:DELIVERED', { messageId: '42', messageState: 'delivered' }],
    ['id:42 stat:SOMETHING', { messageId: '42', messageState: 'unknown' }],
    ['id: sub:001 stat:REJECTD err:000', { messageId: '', messageState: 'rejected' }],
    ['stat:ACCEPTD', { messageId: '', messageState: 'accepted' }],
    ['Thank you', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of texts) {
    it(`reads ${JSON.stringify(text)}`, () => expect(read(text)).to.deep.equal(expected));
  }

  it('believes the parameters before the text', () => {
    const tlvs = { receiptedMessageId: 'TLV1', messageState: 5, networkErrorCode: Buffer.of(3, 0, 21) };
    expect(read('id:TEXT stat:DELIVRD err:001', tlvs)).to.deep.equal({
      messageId: 'TLV1',
      messageState: 'undeliverable',
      error: '3:0021',
    });
  });
});

describe('message ids', () => {
  const profile = (changes: object): SmppReceiptId =>
    smppConfig.parse({
      smscs: [{ name: 'a', host: 'h', binds: [{ name: 'b', receiptId: changes }] }],
    }).smscs[0]!.binds[0]!.receiptId;

  const pairs: [string, object, string, string][] = [
    ['as they are', {}, 'abc-1', 'abc-1'],
    ['of another case', {}, 'ABCDEF', 'abcdef'],
    ['padded with zeros', {}, '42', '0000000042'],
    ['hexadecimal, then decimal', { submit: 'hex', receipt: 'decimal' }, '3ADE68B1', '987654321'],
    ['decimal, then hexadecimal', { submit: 'decimal', receipt: 'hex' }, '987654321', '3ade68b1'],
    ['beyond 64 bits', { submit: 'hex', receipt: 'decimal' }, 'ffffffffffffffffff', '4722366482869645213695'],
  ];
  for (const [name, changes, submitted, receipted] of pairs) {
    it(`match when they come ${name}`, () => {
      const ids = messageIdNormaliser(profile(changes));
      expect(ids.submitted(submitted)).to.equal(ids.receipted(receipted));
    });
  }

  it('stay apart where the profile says that case and zeros count', () => {
    const ids = messageIdNormaliser(profile({ ignoreCase: false, ignoreLeadingZeros: false }));
    expect(ids.submitted('0A')).to.not.equal(ids.receipted('0a'));
    expect(ids.submitted('01')).to.not.equal(ids.receipted('1'));
  });

  it('that every message gets identify none', () => {
    expect(messageIdNormaliser(profile({})).submitted('msg_id_not_implemented')).to.equal('');
  });
});
