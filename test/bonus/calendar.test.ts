import { expect } from 'chai';
import fc from 'fast-check';
import {
  endOfLocalDay,
  endOfLocalMonth,
  localDayNumber,
  localMonthNumber,
} from '../../src/bonus/calendar.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/values/instant.ts';

/** Zones where midnight is skipped or comes twice, where a day is missing, where an hour has thirty minutes. */
const ODD_ZONES = [
  'Africa/Cairo',
  'America/Asuncion',
  'America/Havana',
  'America/Nuuk',
  'America/Santiago',
  'America/Sao_Paulo',
  'Asia/Amman',
  'Asia/Beirut',
  'Asia/Gaza',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Atlantic/Azores',
  'Australia/Lord_Howe',
  'Europe/London',
  'Europe/Moscow',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
  'UTC',
];
const anyZone = fc.oneof(
  fc.constantFrom(...ODD_ZONES),
  fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
);
/** Since 2012 no clock has been put back over midnight, so that a local day is one piece. */
const anyTime = fc.integer({ min: Date.UTC(2012, 0, 1), max: Date.UTC(2060, 0, 1) });

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const printers = new Map<string, Intl.DateTimeFormat>();

/** The calendar on the wall: what day the people of the zone say it is. */
function dayOnTheWall(at: number, zone: string): Day {
  const printer = printers.get(zone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone: zone });
  printers.set(zone, printer);
  const [year, month, day] = printer.format(at).split('-').map(Number);
  return { year: year!, month: month!, day: day! };
}

const ordinal = ({ year, month, day }: Day): number => year * 10_000 + month * 100 + day;

function tomorrow({ year, month, day }: Day): Day {
  const next = new Date(Date.UTC(year, month - 1, day, 12) + DAY_MS);
  return { year: next.getUTCFullYear(), month: next.getUTCMonth() + 1, day: next.getUTCDate() };
}

function nextMonth({ year, month }: Day): Day {
  return month === 12 ? { year: year + 1, month: 1, day: 1 } : { year, month: month + 1, day: 1 };
}

function times(count: number, step: (day: Day) => Day, from: Day): Day {
  let day = from;
  for (let turn = 0; turn < count; turn++) day = step(day);
  return day;
}

/** Somebody looks at the wall every quarter of an hour until it shows that day, or a later one. */
function firstMomentOf(wanted: Day, zone: string): number {
  let at = Date.UTC(wanted.year, wanted.month - 1, wanted.day) - 30 * HOUR_MS;
  while (ordinal(dayOnTheWall(at, zone)) < ordinal(wanted)) at += 15 * MINUTE_MS;
  return at;
}

/** The days since 2012 on which an odd zone put its clocks forward or back. */
function changesOfClocks(): (readonly [string, number])[] {
  return ODD_ZONES.flatMap((zone) => {
    const found: (readonly [string, number])[] = [];
    const printer = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
    const offset = (at: number): string =>
      printer.formatToParts(at).find(({ type }) => type === 'timeZoneName')!.value;
    for (let at = Date.UTC(2012, 0, 1); at < Date.UTC(2026, 0, 1); at += DAY_MS) {
      if (offset(at) !== offset(at + DAY_MS)) found.push([zone, at]);
    }
    return found;
  });
}

describe('local days and months', () => {
  it('end where the calendar on the wall turns its page, in every zone', () => {
    fc.assert(
      fc.property(anyZone, anyTime, fc.integer({ min: 0, max: 400 }), (zone, at, days) => {
        const last = times(days + 1, tomorrow, dayOnTheWall(at, zone));
        expect(endOfLocalDay(at, zone, days)).to.equal(firstMomentOf(last, zone));
      }),
      { numRuns: 500 },
    );
  });

  it('end where the calendar on the wall shows the first of the month, in every zone', () => {
    fc.assert(
      fc.property(anyZone, anyTime, fc.integer({ min: 0, max: 60 }), (zone, at, months) => {
        const last = times(months + 1, nextMonth, dayOnTheWall(at, zone));
        expect(endOfLocalMonth(at, zone, months)).to.equal(firstMomentOf(last, zone));
      }),
      { numRuns: 500 },
    );
  });

  it('end where the calendar on the wall turns its page, around every change of the clocks', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...changesOfClocks()),
        fc.integer({ min: -50, max: 26 }),
        fc.integer({ min: 0, max: 2 }),
        ([zone, change], hours, days) => {
          const at = change + hours * HOUR_MS;
          const last = times(days + 1, tomorrow, dayOnTheWall(at, zone));
          expect(endOfLocalDay(at, zone, days)).to.equal(firstMomentOf(last, zone));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('end on the days when clocks are put forward or back, in every odd zone', () => {
    for (const zone of ODD_ZONES) {
      for (let noon = Date.UTC(2023, 0, 1, 12); noon < Date.UTC(2024, 0, 1); noon += DAY_MS) {
        const end = endOfLocalDay(noon, zone, 0);
        const [before, after] = [dayOnTheWall(end - 1, zone), dayOnTheWall(end, zone)];
        expect(before, `${zone} ${String(noon)}`).to.deep.equal(dayOnTheWall(noon, zone));
        expect(after, `${zone} ${String(noon)}`).to.deep.equal(tomorrow(before));
      }
    }
  });

  const known: readonly (readonly [string, string, string, number, string])[] = [
    ['midnight is skipped', 'America/Sao_Paulo', '2018-11-03T12:00:00-03:00', 0, '2018-11-04T03:00:00Z'],
    [
      'midnight is skipped at the end of a month',
      'America/Asuncion',
      '2023-09-30T12:00:00-04:00',
      0,
      '2023-10-01T04:00:00Z',
    ],
    [
      'the hour after midnight comes twice',
      'America/Havana',
      '2023-11-04T12:00:00-04:00',
      0,
      '2023-11-05T04:00:00Z',
    ],
    [
      'half an hour before and after midnight is skipped',
      'America/Toronto',
      '1919-03-30T12:00:00-05:00',
      0,
      '1919-03-31T04:30:00Z',
    ],
    ['midnight comes twice', 'Asia/Gaza', '2016-10-28T12:00:00+03:00', 0, '2016-10-28T21:00:00Z'],
    [
      'the hour before midnight comes twice',
      'America/Sao_Paulo',
      '2018-02-17T12:00:00-02:00',
      0,
      '2018-02-18T03:00:00Z',
    ],
    ['the next day is missing', 'Pacific/Apia', '2011-12-29T12:00:00-10:00', 0, '2011-12-30T10:00:00Z'],
    ['nothing is odd', 'Europe/Moscow', '2026-02-28T23:59:59+03:00', 0, '2026-02-28T21:00:00Z'],
    ['a leap day lies between', 'Europe/Moscow', '2028-02-28T12:00:00+03:00', 1, '2028-02-29T21:00:00Z'],
  ];
  for (const [name, zone, at, days, end] of known) {
    it(`end right where ${name}`, () => {
      expect(new Date(endOfLocalDay(Date.parse(at), zone, days)).toISOString()).to.equal(
        new Date(end).toISOString(),
      );
    });
  }

  it('end the month of 31 January in February, and twelve months later in January', () => {
    const at = Date.parse('2026-01-31T12:00:00+03:00');
    const endOf = (months: number): string =>
      new Date(endOfLocalMonth(at, 'Europe/Moscow', months)).toISOString();
    expect(endOf(0)).to.equal('2026-01-31T21:00:00.000Z');
    expect(endOf(1)).to.equal('2026-02-28T21:00:00.000Z');
    expect(endOf(12)).to.equal('2027-01-31T21:00:00.000Z');
  });

  it('are numbered by the day and the first of the month on the wall', () => {
    fc.assert(
      fc.property(anyZone, anyTime, (zone, at) => {
        const { year, month, day } = dayOnTheWall(at, zone);
        expect(localDayNumber(at, zone)).to.equal(Date.UTC(year, month - 1, day) / DAY_MS);
        expect(localMonthNumber(at, zone)).to.equal(Date.UTC(year, month - 1, 1) / DAY_MS);
      }),
      { numRuns: 500 },
    );
  });

  it('never end before they began, and later for who comes later', () => {
    fc.assert(
      fc.property(anyZone, anyTime, fc.nat(400 * DAY_MS), fc.nat(24), (zone, at, wait, count) => {
        for (const endOf of [endOfLocalDay, endOfLocalMonth]) {
          const end = endOf(at, zone, count);
          expect(end > at).to.equal(true);
          expect(endOf(at + wait, zone, count) >= end).to.equal(true);
          expect(endOf(at, zone, count + 1) >= end).to.equal(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
