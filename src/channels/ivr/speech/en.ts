import { groupsOf, isUnspeakable, SCALES, spellDigits } from './scales.ts';
import type { CivilDate, Speech } from './speech.ts';

/** English (short scale, no "and"): `number/1 hundred number/20 number/1 points`. */
export const english: Speech = {
  number: cardinal,
  points: (value) => [...cardinal(value), value === 1n || value === -1n ? 'point' : 'points'],
  date: (date) => [...dayOf(date), 'pause', ...yearOf(date.year)],
  day: dayOf,
  digits: spellDigits,
};

function cardinal(value: bigint): string[] {
  if (value < 0n) return ['minus', ...cardinal(-value)];
  if (value === 0n) return ['number/0'];
  if (isUnspeakable(value)) return spellDigits(String(value));
  return groupsOf(value).flatMap(({ group, scale }) => [
    ...below1000(group),
    ...(scale < 0 ? [] : [SCALES[scale]!]),
  ]);
}

function below1000(value: number): string[] {
  const hundreds = Math.floor(value / 100);
  const rest = value % 100;
  const files = hundreds > 0 ? [`number/${hundreds}`, 'hundred'] : [];
  if (rest > 20 && rest % 10 > 0) files.push(`number/${rest - (rest % 10)}`, `number/${rest % 10}`);
  else if (rest > 0) files.push(`number/${rest}`);
  return files;
}

function dayOf({ month, day }: CivilDate): string[] {
  return [`month/${month}`, `day/${day}`];
}

/** 2026: twenty twenty-six; 2005 and years outside the century: two thousand five. */
function yearOf(year: number): string[] {
  if (year < 2010 || year > 2099) return cardinal(BigInt(year));
  return ['number/20', ...below1000(year - 2000)];
}
