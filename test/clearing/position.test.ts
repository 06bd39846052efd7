import { expect } from 'chai';
import type { Line, Terms } from '../../src/clearing/line.ts';
import type { Moved } from '../../src/clearing/movement.ts';
import { closeBooks, EMPTY_BOOKS } from '../../src/clearing/position.ts';

const terms: Terms = {
  getAgreement: () => {
    throw new Error('not asked');
  },
  reserveRateOf: () => ({ num: 10n, den: 1n }),
};
const moved: Moved = { issuer: 1, issued: 100n, redeemed: 0n, expired: 0n, debtMade: 0n, debtSettled: 0n };
const issue: Line = {
  ...{ party: 1, kind: 'issue', issuer: 1, acceptor: null, points: 100n, rate: { num: 12n, den: 1n } },
  ...{ amountMicro: 1_200_000_000n, transfer: null, reference: null, occurredAt: null, postedAt: null },
};

describe('the books of a month', () => {
  it('balance: pool is reserve less debt plus margin', () => {
    const { balance } = closeBooks(EMPTY_BOOKS, [moved], [issue], terms);
    expect(balance).to.deep.equal({
      ...{
        poolMicro: 1_200_000_000n,
        reserveMicro: 1_000_000_000n,
        debtMicro: 0n,
        marginMicro: 200_000_000n,
      },
    });
  });

  it('are not closed when a line is missing, doubled or of another issuer', () => {
    for (const lines of [[], [issue, issue], [{ ...issue, issuer: 2 }]]) {
      expect(() => closeBooks(EMPTY_BOOKS, [moved], lines, terms)).to.throw('lines and journal differ');
    }
  });

  it('are not closed when what is carried forward does not balance', () => {
    const before = { positions: [], balance: { ...EMPTY_BOOKS.balance, poolMicro: 1n } };
    expect(() => closeBooks(before, [moved], [issue], terms)).to.throw(
      'pool is reserve less debt plus margin',
    );
  });
});
