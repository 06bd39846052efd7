/** Names of 1000^1, 1000^2, ... in recordings: enough for the largest number of points (9 * 10^15). */
export const SCALES = ['thousand', 'million', 'billion', 'trillion', 'quadrillion'] as const;

/** Largest value that the names reach. */
const VALUE_MAX = 10n ** 18n - 1n;

/** Groups of three decimal digits, the highest first, each with the index of its scale (-1: units). */
export function groupsOf(value: bigint): { readonly group: number; readonly scale: number }[] {
  const groups: { group: number; scale: number }[] = [];
  for (let rest = value, scale = -1; rest > 0n; rest /= 1000n, scale++) {
    const group = Number(rest % 1000n);
    if (group > 0) groups.unshift({ group, scale });
  }
  return groups;
}

/** True when a number is too large to have a name; it is then read digit by digit. */
export function isUnspeakable(value: bigint): boolean {
  return value > VALUE_MAX;
}

/**
 * Digits grouped for the ear: `7 916 000 00 02` for an eleven-digit number of zone 7, else by threes from the left,
 * never leaving a single digit alone at the end.
 */
export function digitGroups(digits: string): string[] {
  const sizes = /^7\d{10}$/.test(digits) ? [1, 3, 3, 2, 2] : threes(digits.length);
  let at = 0;
  return sizes.map((size) => digits.slice(at, (at += size)));
}

function threes(length: number): number[] {
  const sizes: number[] = [];
  for (let left = length; left > 0;) {
    const size = left === 4 ? 2 : Math.min(3, left);
    sizes.push(size);
    left -= size;
  }
  return sizes;
}

/** Groups with a short pause between them. */
export function spellDigits(digits: string): string[] {
  return digitGroups(digits).flatMap((group, index) => [
    ...(index === 0 ? [] : ['pause']),
    ...Array.from(group, (digit) => `number/${digit}`),
  ]);
}
