import { expect } from 'chai';
import fc from 'fast-check';
import { createReturnTickets } from '../../../src/channels/redirect/return-url.ts';

const OLD = { id: 1, secret: 'the old secret of thirty-two chars' };
const NEW = { id: 2, secret: 'the new secret of thirty-two chars' };
const tickets = createReturnTickets([OLD]);
const NOW_S = 1_760_000_000;
const ticket = {
  subscriber: 4_503_599_627_370_495,
  merchant: 12,
  url: 'http://shop.example/a?b=%D1%8F',
  expiresAtS: NOW_S + 60,
};

describe('A return ticket', () => {
  it('opens to what was sealed', () => {
    const sealed = tickets.seal(ticket);
    expect(tickets.open(sealed.token, NOW_S)).to.deep.equal({ ok: true, ticket, nonce: sealed.nonce });
  });

  it('opens to what was sealed, whatever that was', () => {
    const any = fc.record({
      subscriber: fc.maxSafeNat(),
      merchant: fc.integer({ min: 1, max: 0xffff_ffff }),
      url: fc.string({ unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)) }),
      expiresAtS: fc.integer({ min: NOW_S + 1, max: 0xffff_ffff }),
    });
    fc.assert(
      fc.property(any, (sealed) => {
        const opened = tickets.open(tickets.seal(sealed).token, NOW_S);
        expect(opened.ok && opened.ticket).to.deep.equal(sealed);
      }),
    );
  });

  it('does not open when any one bit is changed', () => {
    const octets = Buffer.from(tickets.seal(ticket).token, 'base64url');
    for (let bit = 0; bit < octets.length * 8; bit++) {
      const changed = Buffer.from(octets);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(tickets.open(changed.toString('base64url'), NOW_S).ok, `bit ${bit}`).to.be.false;
    }
  });

  it('does not open when it is cut, longer, or spelled in another way', () => {
    const { token } = tickets.seal(ticket);
    const spelled = [
      '',
      token.slice(1),
      token.slice(0, -1),
      `${token}A`,
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      token.replace(/^./, '+'),
    ];
    for (const text of spelled) expect(tickets.open(text, NOW_S).ok, text).to.be.false;
    for (let size = 0; size < token.length; size++)
      expect(tickets.open(token.slice(0, size), NOW_S).ok).to.be.false;
  });

  it('does not open under another secret with the same key id', () => {
    const forger = createReturnTickets([{ id: 1, secret: 'some other secret of thirty-two ch' }]);
    expect(tickets.open(forger.seal(ticket).token, NOW_S)).to.deep.equal({ ok: false, reason: 'forged' });
  });

  it('says that it is out of date, to the second', () => {
    const { token } = tickets.seal(ticket);
    expect(tickets.open(token, NOW_S + 59).ok).to.be.true;
    expect(tickets.open(token, NOW_S + 60)).to.deep.equal({ ok: false, reason: 'expired', ticket });
  });

  it('still opens after the key was changed, until the old key is taken away', () => {
    const { token } = tickets.seal(ticket);
    expect(createReturnTickets([NEW, OLD]).open(token, NOW_S).ok).to.be.true;
    expect(createReturnTickets([NEW]).open(token, NOW_S)).to.deep.equal({ ok: false, reason: 'unknown_key' });
  });

  it('shows neither the subscriber nor that two tickets are of one subscriber', () => {
    const masked = Array.from({ length: 50 }, () =>
      Buffer.from(tickets.seal(ticket).token, 'base64url').subarray(22, 30),
    );
    expect(new Set(masked.map((octets) => octets.toString('hex'))).size).to.equal(50);
    const clear = Buffer.alloc(8);
    clear.writeBigUInt64BE(BigInt(ticket.subscriber));
    for (const octets of masked) expect(octets.equals(clear)).to.be.false;
  });
});
