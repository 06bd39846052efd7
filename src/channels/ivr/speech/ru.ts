import { groupsOf, isUnspeakable, SCALES, spellDigits } from './scales.ts';
import type { CivilDate, Speech } from './speech.ts';

type Gender = 'm' | 'f';

/** Which plural form follows a number: 1 балл, 2 балла, 5 баллов; 11 to 14 always take the last. */
type Form = 1 | 2 | 5;

/**
 * Russian: hundreds are single recordings, one and two have a feminine (`number/1-f`), scales and points three forms
 * (`thousand-1` тысяча, `thousand-2` тысячи, `thousand-5` тысяч). Dates stand in the genitive, as they are said after
 * a verb: "сгорят тридцать первого декабря две тысячи двадцать шестого года".
 */
export const russian: Speech = {
  number: (value) => cardinal(value, 'm'),
  points: (value) => [...cardinal(value, 'm'), `points-${formOf(value)}`],
  date: (date) => [...dayOf(date), ...yearOf(date.year)],
  day: dayOf,
  digits: spellDigits,
};

function cardinal(value: bigint, gender: Gender): string[] {
  if (value < 0n) return ['minus', ...cardinal(-value, gender)];
  if (value === 0n) return ['number/0'];
  if (isUnspeakable(value)) return spellDigits(String(value));
  return groupsOf(value).flatMap(({ group, scale }) => {
    if (scale < 0) return below1000(group, gender);
    return [...below1000(group, scale === 0 ? 'f' : 'm'), `${SCALES[scale]!}-${formOf(BigInt(group))}`];
  });
}

function below1000(value: number, gender: Gender): string[] {
  const files: string[] = [];
  const rest = value % 100;
  if (value >= 100) files.push(`number/${value - rest}`);
  const units = rest > 20 ? rest % 10 : rest;
  if (rest > units) files.push(`number/${rest - units}`);
  if (units > 0) files.push(gender === 'f' && units <= 2 ? `number/${units}-f` : `number/${units}`);
  return files;
}

function formOf(value: bigint): Form {
  const magnitude = value < 0n ? -value : value;
  const units = Number(magnitude % 10n);
  const teens = Math.floor(Number(magnitude % 100n) / 10) === 1;
  if (teens || units === 0 || units > 4) return 5;
  return units === 1 ? 1 : 2;
}

function dayOf({ month, day }: CivilDate): string[] {
  return [`day/${day}`, `month/${month}`];
}

/**
 * "две тысячи двадцать шестого года". The ordinals of 1 to 31 are those of the days; round tens have their own
 * recordings. Years outside 2001-2099 are read as a number.
 */
function yearOf(year: number): string[] {
  const rest = year - 2000;
  if (rest < 1 || rest > 99) return [...cardinal(BigInt(year), 'm'), 'year'];
  const files = ['number/2-f', 'thousand-2'];
  if (rest <= 31) files.push(`day/${rest}`);
  else if (rest % 10 === 0) files.push(`ordinal/${rest}`);
  else files.push(`number/${rest - (rest % 10)}`, `day/${rest % 10}`);
  return [...files, 'year'];
}
