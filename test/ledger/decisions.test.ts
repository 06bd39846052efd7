import { expect } from 'chai';
import fc from 'fast-check';
import { history, TwoLedgers } from './histories.ts';

describe('the decisions of the ledger', () => {
  it('agree with a naive ledger on every history, step by step', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const ledgers = new TwoLedgers();
        for (const one of steps) {
          ledgers.take(one);
          ledgers.check();
        }
      }),
      { numRuns: 150 },
    );
  });

  it('gives the same answers again when a whole history is told twice', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const run = (): unknown[] => {
          const { real, ...ledgers } = tell(steps);
          expect(ledgers).to.be.an('object');
          return [real.requests.map(({ verdict }) => verdict), real.postings, [...real.accounts.values()]];
        };
        expect(run()).to.deep.equal(run());
      }),
      { numRuns: 50 },
    );
  });
});

function tell(steps: Parameters<TwoLedgers['take']>[0][]): { real: TwoLedgers['real'] } {
  const ledgers = new TwoLedgers();
  for (const one of steps) ledgers.take(one);
  return { real: ledgers.real };
}
