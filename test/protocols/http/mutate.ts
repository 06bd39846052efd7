/** Repeatable chance: mulberry32, seeded. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const VALUES: readonly unknown[] = [
  null, true, 0, -1, 1.5, 1e308, 2 ** 53, '', ' ', '0', '-0', '1e9', '79160000001', '\u0000', '\ud800', '\u202e', {}, [], [[]],
  '9'.repeat(400), 'x'.repeat(5_000), '2026-13-01T00:00:00Z', '+275760-09-13T00:00:00Z', '0000-01-01T00:00:00Z', 'RUB', '__proto__',
]; // prettier-ignore

const TOKENS: readonly string[] = [
  '"', '\\', '{', '}', '[', ']', ',', ':', '\\u0000', '\\ud800', '1e999', '-', 'NaN', 'null', '"__proto__":', '"constructor":',
  '\u0000', '\ufeff', '/**/', '[[[[[[[[', '{"a":', '\r\n\r\n', '%00', '&', '=', '9'.repeat(50),
]; // prettier-ignore

type Chance = (below: number) => number;

/** One of many ways in which a body comes out wrong, or only unusual. */
export function mutate(text: string, chance: Chance): Buffer {
  switch (chance(4)) {
    case 0:
      return Buffer.from(mutateValue(text, chance));
    case 1:
      return mutateOctets(Buffer.from(text), chance);
    case 2:
      return Buffer.from(mutateTokens(text, chance));
    default:
      return chance(8) === 0 ? noise(chance) : Buffer.from(text);
  }
}

/** Still JSON: another value, a missing or an additional property somewhere inside. */
function mutateValue(text: string, chance: Chance): string {
  const root = { body: JSON.parse(text) as unknown };
  let at: Record<string, unknown> = root;
  for (;;) {
    const keys = Object.keys(at);
    const key = keys[chance(Math.max(1, keys.length))] ?? 'body';
    const next = at[key];
    if (typeof next === 'object' && next !== null && chance(3) > 0) {
      at = next as Record<string, unknown>;
      continue;
    }
    const way = chance(4);
    if (way === 0 && at !== root) Reflect.deleteProperty(at, key);
    else if (way === 1)
      Object.defineProperty(at, TOKENS[chance(TOKENS.length)]!, { value: next, enumerable: true });
    else at[key] = VALUES[chance(VALUES.length)];
    return JSON.stringify(root.body);
  }
}

function mutateTokens(text: string, chance: Chance): string {
  let changed = text;
  for (let times = 1 + chance(3); times > 0; times--) {
    const at = chance(changed.length + 1);
    changed = changed.slice(0, at) + TOKENS[chance(TOKENS.length)]! + changed.slice(at + chance(4));
  }
  return changed;
}

function mutateOctets(octets: Buffer, chance: Chance): Buffer {
  if (chance(3) === 0) return octets.subarray(0, chance(octets.length + 1));
  const changed = Buffer.from(octets);
  for (let times = 1 + chance(4); times > 0 && changed.length > 0; times--) {
    changed[chance(changed.length)] = chance(256);
  }
  return changed;
}

function noise(chance: Chance): Buffer {
  return Buffer.from(Array.from({ length: chance(200) }, () => chance(256)));
}
