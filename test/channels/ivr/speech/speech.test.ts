import { expect } from 'chai';
import fc from 'fast-check';
import { loadManifest, type Manifest } from '../../../../simulators/freeswitch/manifest.ts';
import { civilDate, SPEECH } from '../../../../src/channels/ivr/speech/speech.ts';
import { instant } from '../../../../src/values/instant.ts';
import type { Language } from '../../../../src/values/language.ts';
import { POINTS_MAX } from '../../../../src/values/points.ts';
import { englishCardinal, russianCardinal, russianPoints } from './oracle.ts';

describe('spoken numbers', () => {
  let manifest: Manifest;
  before(async () => {
    manifest = await loadManifest('conf/ivr');
  });

  /** The words of recordings; a missing recording fails the test. */
  function words(language: Language, files: readonly string[]): string {
    return files
      .map((file) => manifest[`${language}/${file}`] ?? expect.fail(`no recording ${language}/${file}`))
      .join(' ')
      .replace(/ ,/g, ',');
  }
  const en = (value: bigint): string => words('en', SPEECH.en.points(value));
  const ru = (value: bigint): string => words('ru', SPEECH.ru.points(value));

  const ENGLISH: [bigint, string][] = [
    [0n, 'zero points'],
    [1n, 'one point'],
    [-1n, 'minus one point'],
    [13n, 'thirteen points'],
    [21n, 'twenty one points'],
    [100n, 'one hundred points'],
    [1_001n, 'one thousand one points'],
    [1_234_567n, 'one million two hundred thirty four thousand five hundred sixty seven points'],
    [1_000_000_000n, 'one billion points'],
    [-2_000_000_015n, 'minus two billion fifteen points'],
    [POINTS_MAX, 'nine quadrillion points'],
  ];
  for (const [value, spoken] of ENGLISH)
    it(`${value} is "${spoken}"`, () => expect(en(value)).to.equal(spoken));

  const RUSSIAN: [bigint, string][] = [
    [0n, 'ноль баллов'],
    [1n, 'один балл'],
    [2n, 'два балла'],
    [5n, 'пять баллов'],
    [11n, 'одиннадцать баллов'],
    [14n, 'четырнадцать баллов'],
    [21n, 'двадцать один балл'],
    [22n, 'двадцать два балла'],
    [111n, 'сто одиннадцать баллов'],
    [112n, 'сто двенадцать баллов'],
    [1_000n, 'одна тысяча баллов'],
    [2_000n, 'две тысячи баллов'],
    [2_001n, 'две тысячи один балл'],
    [11_000n, 'одиннадцать тысяч баллов'],
    [21_000n, 'двадцать одна тысяча баллов'],
    [1_000_000n, 'один миллион баллов'],
    [2_022_002n, 'два миллиона двадцать две тысячи два балла'],
    [-3n, 'минус три балла'],
    [-1_000_000_001n, 'минус один миллиард один балл'],
    [5_000_000_000_000n, 'пять триллионов баллов'],
    [POINTS_MAX, 'девять квадриллионов баллов'],
  ];
  for (const [value, spoken] of RUSSIAN)
    it(`${value} is "${spoken}"`, () => expect(ru(value)).to.equal(spoken));

  const any = fc.oneof(
    fc.bigInt(-2_000n, 2_000n),
    fc.bigInt(-POINTS_MAX, POINTS_MAX),
    fc.bigInt(0n, 3_000_000n),
  );

  it('agree with a naive speller of English', () => {
    fc.assert(
      fc.property(any, (value) => {
        const magnitude = value < 0n ? -value : value;
        expect(en(value)).to.equal(`${englishCardinal(value)} ${magnitude === 1n ? 'point' : 'points'}`);
        expect(words('en', SPEECH.en.number(value))).to.equal(englishCardinal(value));
      }),
      { seed: 20261126, numRuns: 2_000 },
    );
  });

  it('agree with a naive speller of Russian, in every gender and plural form', () => {
    fc.assert(
      fc.property(any, (value) => {
        expect(ru(value)).to.equal(`${russianCardinal(value)} ${russianPoints(value)}`);
      }),
      { seed: 20261126, numRuns: 2_000 },
    );
    for (let value = 0n; value <= 2_200n; value++) {
      expect(ru(value)).to.equal(`${russianCardinal(value)} ${russianPoints(value)}`);
    }
  });

  it('too large for a name are read digit by digit, never left out', () => {
    expect(words('en', SPEECH.en.number(10n ** 18n))).to.match(/^one zero zero, zero zero zero, /);
    expect(words('ru', SPEECH.ru.number(10n ** 18n))).to.match(/^один ноль ноль, /);
  });

  it('of a telephone are read in groups', () => {
    expect(words('en', SPEECH.en.digits('79160000002'))).to.equal(
      'seven, nine one six, zero zero zero, zero zero, zero two',
    );
    expect(words('en', SPEECH.en.digits('4915112345678'))).to.equal(
      'four nine one, five one one, two three four, five six, seven eight',
    );
    expect(words('ru', SPEECH.ru.digits('112'))).to.equal('один один два');
    expect(SPEECH.en.digits('')).to.deep.equal([]);
    fc.assert(
      fc.property(fc.stringMatching(/^\d{0,20}$/), (digits) => {
        const files = SPEECH.en.digits(digits).filter((file) => file !== 'pause');
        expect(files.map((file) => file.slice('number/'.length)).join('')).to.equal(digits);
      }),
      { seed: 20261126 },
    );
  });

  const DATES: [number, number, number, string, string][] = [
    [
      2026,
      12,
      31,
      'December thirty-first, twenty twenty six',
      'тридцать первого декабря две тысячи двадцать шестого года',
    ],
    [2030, 1, 1, 'January first, twenty thirty', 'первого января две тысячи тридцатого года'],
    [2027, 3, 3, 'March third, twenty twenty seven', 'третьего марта две тысячи двадцать седьмого года'],
    [2041, 8, 20, 'August twentieth, twenty forty one', 'двадцатого августа две тысячи сорок первого года'],
    [2050, 5, 9, 'May ninth, twenty fifty', 'девятого мая две тысячи пятидесятого года'],
    [
      2009,
      2,
      28,
      'February twenty-eighth, two thousand nine',
      'двадцать восьмого февраля две тысячи девятого года',
    ],
  ];
  for (const [year, month, day, english, russian] of DATES) {
    it(`and dates: ${english}`, () => {
      expect(words('en', SPEECH.en.date({ year, month, day }))).to.equal(english);
      expect(words('ru', SPEECH.ru.date({ year, month, day }))).to.equal(russian);
    });
  }

  it('have a recording for every year, month and day of a century', () => {
    const last = { month: 12, day: 31 };
    const years = Array.from({ length: 99 }, (_, index) => ({ ...last, year: 2001 + index }));
    const days = Array.from({ length: 31 }, (_, index) => ({
      year: 2026,
      month: 1 + (index % 12),
      day: index + 1,
    }));
    for (const date of [...years, ...days]) {
      for (const language of ['en', 'ru'] as const)
        expect(words(language, SPEECH[language].date(date))).to.match(/\S/);
    }
  });

  it('of a date are those of the zone, not of Greenwich', () => {
    const at = instant(Date.UTC(2026, 11, 31, 21, 30));
    expect(civilDate(at, 'UTC')).to.deep.equal({ year: 2026, month: 12, day: 31 });
    expect(civilDate(at, 'Europe/Moscow')).to.deep.equal({ year: 2027, month: 1, day: 1 });
  });
});
