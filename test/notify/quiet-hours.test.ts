import { expect } from 'chai';
import fc from 'fast-check';
import { isQuiet, minuteOfLocalDay, nextLocalMinute, quietUntil } from '../../src/notify/quiet-hours.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/values/instant.ts';

const NIGHT = { from: 21 * 60, to: 9 * 60 };
const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString();

describe('quiet hours', () => {
  it('go over midnight in the zone of the subscriber', () => {
    expect(isQuiet(NIGHT, at('2026-07-01T18:30:00Z'), 'Europe/Moscow')).to.equal(true);
    expect(isQuiet(NIGHT, at('2026-07-01T18:30:00Z'), 'Europe/London')).to.equal(false);
    expect(iso(quietUntil(NIGHT, at('2026-07-01T18:30:00Z'), 'Europe/Moscow'))).to.equal(
      '2026-07-02T06:00:00.000Z',
    );
  });

  it('end at nine by the new clock in the night of the change', () => {
    // Berlin goes to summer time on 29 March 2026: nine o'clock is 07:00 UTC, not 08:00.
    expect(iso(quietUntil(NIGHT, at('2026-03-28T22:00:00Z'), 'Europe/Berlin'))).to.equal(
      '2026-03-29T07:00:00.000Z',
    );
    expect(iso(quietUntil(NIGHT, at('2026-10-24T22:00:00Z'), 'Europe/Berlin'))).to.equal(
      '2026-10-25T08:00:00.000Z',
    );
  });

  it('that end in the hour that does not exist end after it', () => {
    const untilHalfPastTwo = { from: 60, to: 150 };
    for (const [zone, before] of [
      ['Europe/Berlin', '2026-03-29T00:30:00Z'],
      ['America/New_York', '2026-03-08T06:30:00Z'],
    ] as const) {
      const end = quietUntil(untilHalfPastTwo, at(before), zone);
      expect(minuteOfLocalDay(end, zone), zone).to.equal(3 * 60 + 30);
      expect(end - at(before), zone).to.be.within(1, 2 * HOUR_MS);
    }
  });

  it('come twice in the hour that comes twice', () => {
    const one = { from: 60, to: 90 };
    const first = at('2026-11-01T05:10:00Z');
    expect(isQuiet(one, first, 'America/New_York')).to.equal(true);
    expect(iso(quietUntil(one, first, 'America/New_York'))).to.equal('2026-11-01T05:30:00.000Z');
    expect(isQuiet(one, at('2026-11-01T06:10:00Z'), 'America/New_York')).to.equal(true);
  });

  it('that begin and end together are none', () => {
    expect(isQuiet({ from: 540, to: 540 }, at('2026-07-01T06:00:00Z'), 'UTC')).to.equal(false);
  });

  it('end after now and within a day and an hour, in any zone at any time', () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Pacific/Apia',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 1439 }),
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') }),
        (zone, minute, now) => {
          const next = nextLocalMinute(minute, now, zone);
          expect(next).to.be.greaterThan(now);
          expect(next - now).to.be.at.most(DAY_MS + HOUR_MS + MINUTE_MS);
        },
      ),
    );
  });
});
