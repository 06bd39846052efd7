/** Cyrillic capitals and the Latin ones that look the same on a handset. */
const LOOK_ALIKES = new Map(
  Object.entries({
    А: 'A',
    В: 'B',
    Е: 'E',
    К: 'K',
    М: 'M',
    Н: 'H',
    О: 'O',
    Р: 'P',
    С: 'C',
    Т: 'T',
    У: 'Y',
    Х: 'X',
    І: 'I',
    Ї: 'I',
    Ј: 'J',
    Ѕ: 'S',
  }),
);

/**
 * The form in which words are compared: capitals without accents or surrounding punctuation, look-alike letters as
 * Latin. `баланс`, `БАЛАНC` (with a Latin C) and `«Баланс»!` fold to the same. For words only: digits that Unicode
 * would turn into others (`²`) must never come from here.
 */
export function foldWord(word: string): string {
  const plain = word.normalize('NFKD').replace(/\p{M}/gu, '');
  const bare = plain.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '').toUpperCase();
  // A lone question mark asks for help.
  if (bare === '') return plain.includes('?') ? '?' : '';
  return bare.replace(/\p{Script=Cyrillic}/gu, (letter) => LOOK_ALIKES.get(letter) ?? letter);
}

/** Letters to change, add, drop or swap with a neighbour to make `a` from `b`; at most `limit + 1` is told. */
export function typingDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    before = previous;
    previous = row;
  }
  return Math.min(previous[b.length]!, limit + 1);
}
