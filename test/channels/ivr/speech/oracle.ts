/**
 * Slow, obvious spellers to compare with: they work on the decimal text, three digits at a time, with every word
 * written out, and share nothing with the code under test.
 */

const EN_ONES =
  ' one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const EN_TENS = '  twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const EN_SCALES = ['', 'thousand', 'million', 'billion', 'trillion', 'quadrillion'];

export function englishCardinal(value: bigint): string {
  return spell(value, 'minus', 'zero', (text, scale) => {
    const [hundreds, tens, ones] = digitsOf(text);
    const teens = Number(text.slice(1));
    return [
      hundreds > 0 ? `${EN_ONES[hundreds]!} hundred` : '',
      teens < 20 ? EN_ONES[teens]! : `${EN_TENS[tens]!} ${EN_ONES[ones]!}`,
      EN_SCALES[scale]!,
    ].join(' ');
  });
}

const RU_ONES =
  ' один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать'.split(
    ' ',
  );
const RU_TENS = '  двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто'.split(' ');
const RU_HUNDREDS = ' сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот'.split(' ');
const RU_SCALES = [
  ['', '', ''],
  ['тысяча', 'тысячи', 'тысяч'],
  ['миллион', 'миллиона', 'миллионов'],
  ['миллиард', 'миллиарда', 'миллиардов'],
  ['триллион', 'триллиона', 'триллионов'],
  ['квадриллион', 'квадриллиона', 'квадриллионов'],
];

export function russianCardinal(value: bigint): string {
  return spell(value, 'минус', 'ноль', (text, scale) => {
    const [hundreds, tens, ones] = digitsOf(text);
    const teens = Number(text.slice(1));
    let small = teens < 20 ? RU_ONES[teens]! : `${RU_TENS[tens]!} ${RU_ONES[ones]!}`;
    if (scale === 1) small = small.replace(/один$/, 'одна').replace(/два$/, 'две');
    return [RU_HUNDREDS[hundreds]!, small, RU_SCALES[scale]![pluralOf(text)]!].join(' ');
  });
}

export function russianPoints(value: bigint): string {
  return ['балл', 'балла', 'баллов'][pluralOf(String(value).replace('-', '').padStart(3, '0'))]!;
}

/** 0: as after one, 1: as after two, 2: as after five. */
function pluralOf(text: string): number {
  if (/1.$/.test(text)) return 2;
  if (/1$/.test(text)) return 0;
  return /[234]$/.test(text) ? 1 : 2;
}

function digitsOf(text: string): [number, number, number] {
  return [Number(text[0]), Number(text[1]), Number(text[2])];
}

function spell(
  value: bigint,
  minus: string,
  zero: string,
  group: (text: string, scale: number) => string,
): string {
  if (value === 0n) return zero;
  if (value < 0n) return `${minus} ${spell(-value, minus, zero, group)}`;
  const text = String(value);
  const padded = text.padStart(Math.ceil(text.length / 3) * 3, '0');
  const groups = padded.match(/.../g) ?? [];
  return groups
    .map((three, index) => (three === '000' ? '' : group(three, groups.length - 1 - index)))
    .join(' ')
    .replace(/ +/g, ' ')
    .trim();
}
