import { expect } from 'chai';
import fc from 'fast-check';
import { endOfLocalDay, endOfLocalMonth } from '../../src/bonus/calendar.ts';
import { expiresAt, activeUntil } from '../../src/bonus/expiry.ts';
import { findRate, pointsFor, transferFee, type EarningRate } from '../../src/bonus/programme.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import { programmeConfig } from '../../src/runtime/config/programme.ts';

const rateOf = (minorPerPoint: bigint): EarningRate => ({
  rule: 1,
  event: 'purchase',
  currency: 'RUB',
  minorPerPoint,
});
const positive = fc.bigInt({ min: 1n, max: 10n ** 9n });
const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });

describe('points for money', () => {
  it('are those of the worked example: one for each 30.00 (bonus-core 3.4.6)', () => {
    const first = pointsFor(rateOf(3_000n), 10_000n, 0n);
    expect(first).to.deep.equal({ points: 3n, remainder: 1_000n });
    expect(pointsFor(rateOf(3_000n), 5_000n, first.remainder)).to.deep.equal({ points: 2n, remainder: 0n });
    expect(pointsFor(rateOf(3_000n), 5_000n, 0n).points).to.equal(1n);
  });

  it('are the same in one payment and in many: nothing is lost or made by splitting', () => {
    fc.assert(
      fc.property(positive, fc.array(amount, { maxLength: 20 }), (minorPerPoint, payments) => {
        let [points, remainder, spent] = [0n, 0n, 0n];
        for (const minor of payments) {
          const earned = pointsFor(rateOf(minorPerPoint), minor, remainder);
          points += earned.points;
          remainder = earned.remainder;
          spent += minor;
          expect(remainder >= 0n && remainder < minorPerPoint).to.equal(true);
          expect(points * minorPerPoint + remainder).to.equal(spent);
        }
      }),
    );
  });

  it('are found by event and currency, never by one of them', () => {
    const programme = programmeConfig.parse({});
    expect(findRate(programme, 'purchase', 'RUB')?.rule).to.equal(1);
    expect(findRate(programme, 'payment', 'RUB')?.rule).to.equal(2);
    expect(findRate(programme, 'purchase', 'USD')).to.equal(undefined);
    expect(findRate(programme, 'visit', 'RUB')).to.equal(undefined);
  });
});

describe('the fee of a transfer', () => {
  it('is rounded down, and never more than its share', () => {
    const { transfer } = programmeConfig.parse({});
    fc.assert(
      fc.property(amount, fc.bigInt({ min: 0n, max: 1_000_000n }), (points, feePpm) => {
        const fee = transferFee({ ...transfer, feePpm }, points);
        expect(fee * 1_000_000n <= points * feePpm).to.equal(true);
        expect((fee + 1n) * 1_000_000n > points * feePpm).to.equal(true);
      }),
    );
    expect(transferFee({ ...transfer, feePpm: 50_000n }, 100n)).to.equal(5n);
    expect(transferFee({ ...transfer, feePpm: 50_000n }, 19n)).to.equal(0n);
  });
});

/** 29 February 2024, in the evening of UTC and the next day in Moscow. */
const JOINED = { openedAt: Date.UTC(2024, 1, 28, 22) };

describe('when points lapse', () => {
  const zones = fc.constantFrom('Europe/Moscow', 'America/Asuncion', 'Pacific/Apia', 'Asia/Gaza');
  const moment = fc.integer({ min: Date.UTC(2022, 0, 1), max: Date.UTC(2026, 0, 1) });

  it('does not depend on who asked before', () => {
    fc.assert(
      fc.property(
        zones,
        fc.constantFrom('months' as const, 'days' as const),
        fc.integer({ min: 0, max: 40 }),
        moment,
        fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 15 }),
        (zone, unit, after, start, hours) => {
          const programme = { ...programmeConfig.parse({ zone }), expiry: { after, unit } };
          const remembering = expiresAt(programme);
          const snap = unit === 'months' ? endOfLocalMonth : endOfLocalDay;
          let at = start;
          for (const step of hours) {
            at += step * 3_600_000;
            expect(remembering(at, JOINED)).to.equal(snap(at, zone, after));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is never, where the programme says so', () => {
    expect(expiresAt(programmeConfig.parse({ expiry: 'never' }))(0, JOINED)).to.equal(NEVER);
  });

  const at = (text: string): number => new Date(text).getTime();
  const lapse = (expiry: object | string, now: string, zone = 'Europe/Moscow'): string =>
    new Date(expiresAt(programmeConfig.parse({ zone, expiry }))(at(now), JOINED)).toISOString();

  it('is the same date for everybody, at least so many months away', () => {
    const yearEnd = { policy: 'calendar', date: '12-31' };
    expect(lapse(yearEnd, '2025-06-01T00:00:00Z')).to.equal('2025-12-31T21:00:00.000Z');
    expect(lapse(yearEnd, '2025-12-31T20:59:00Z'), 'on that day').to.equal('2025-12-31T21:00:00.000Z');
    expect(lapse(yearEnd, '2025-12-31T21:00:00Z'), 'the day after').to.equal('2026-12-31T21:00:00.000Z');
    expect(lapse({ ...yearEnd, monthsMin: 3 }, '2025-10-01T00:00:00Z')).to.equal('2026-12-31T21:00:00.000Z');
    expect(lapse({ policy: 'calendar', date: '02-29' }, '2025-01-01T00:00:00Z')).to.equal(
      '2025-02-28T21:00:00.000Z',
    );
  });

  it('is the day on which the member joined, as it was there', () => {
    expect(lapse({ policy: 'anniversary' }, '2025-06-01T00:00:00Z')).to.equal('2026-02-28T21:00:00.000Z');
    expect(lapse({ policy: 'anniversary' }, '2028-01-01T00:00:00Z')).to.equal('2028-02-29T21:00:00.000Z');
    expect(lapse({ policy: 'anniversary' }, '2025-06-01T00:00:00Z', 'UTC')).to.equal(
      '2026-03-01T00:00:00.000Z',
    );
  });

  it('is counted from the last activity, only where the programme says so', () => {
    const activity = programmeConfig.parse({
      expiry: { policy: 'activity', after: 6, unit: 'months' },
      zone: 'UTC',
    });
    const now = at('2025-01-15T12:00:00Z');
    expect(activeUntil(activity)!(now)).to.equal(at('2025-08-01T00:00:00Z'));
    expect(expiresAt(activity)(now, JOINED)).to.equal(at('2025-08-01T00:00:00Z'));
    expect(activeUntil(programmeConfig.parse({}))).to.equal(undefined);
  });
});
