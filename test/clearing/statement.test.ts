import { expect } from 'chai';
import fc from 'fast-check';
import { statementsOf } from '../../src/clearing/statement.ts';
import type { Line } from '../../src/clearing/line.ts';
import { MICRO, roundHalfEven } from '../../src/partners/rate.ts';

const line = (amountMicro: bigint, party = 1): Line => ({
  ...{ party, kind: 'issue', issuer: party, acceptor: null, points: 1n, rate: { num: 1n, den: 1n } },
  ...{ amountMicro, transfer: null, reference: null, occurredAt: null, postedAt: null },
});

/** Bonus-core §3.0: half to even for the statement, largest remainders for its lines. */
describe('a statement', () => {
  it('gives what is left to the largest remainders, the first of equals first', () => {
    const [statement] = statementsOf([300_000n, 900_000n, 400_000n, 400_000n].map((micro) => line(micro)));
    expect(statement!.netMinor).to.equal(2n);
    expect(statement!.lines.map(({ amountMinor }) => amountMinor)).to.deep.equal([0n, 1n, 1n, 0n]);
  });

  it('rounds once, half to even, whatever its lines are', () => {
    const micro = fc.bigInt({ min: -5n * MICRO, max: 5n * MICRO });
    fc.assert(
      fc.property(fc.array(micro, { minLength: 1, maxLength: 30 }), (amounts) => {
        const [statement] = statementsOf(amounts.map((amount) => line(amount)));
        const exact = amounts.reduce((sum, amount) => sum + amount, 0n);
        expect(statement!.netMinor).to.equal(roundHalfEven(exact));
        const shown = statement!.lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
        expect(shown).to.equal(statement!.netMinor);
        for (const { amountMicro, amountMinor } of statement!.lines) {
          const off = amountMinor * MICRO - amountMicro;
          expect(off > -MICRO && off < MICRO, 'no line is off by a whole minor unit').to.equal(true);
        }
      }),
    );
  });

  it('is made for each party apart', () => {
    const statements = statementsOf([line(MICRO, 2), line(2n * MICRO, 0), line(3n * MICRO, 2)]);
    expect(statements.map(({ party, netMinor }) => [party, netMinor])).to.deep.equal([
      [0, 2n],
      [2, 4n],
    ]);
  });
});
