/** What a rule may look at: flat, typed values, no nesting. Points and money are whole minor units. */

export const VALUE_TYPES = ['int', 'bool', 'string', 'strings'] as const;

/** `strings` is a list of at most {@link LIST_MAX} texts. */
export type ValueType = (typeof VALUE_TYPES)[number];

export type RuleValue = bigint | boolean | string | readonly string[];

/** The variables that a slot offers to its rules, by name. */
export type Variables = Readonly<Record<string, ValueType>>;

/** One event's or member's values, by the names of {@link Variables}. */
export type RuleInputs = Readonly<Record<string, RuleValue>>;

/** Bound of every list a rule walks through, so that the cost of a rule is known before it runs. */
export const LIST_MAX = 32;

/** Longest text a rule is given. */
export const TEXT_MAX = 256;

const INT_MAX = 2n ** 63n - 1n;

/** Whether a value may be given to a rule as that type. */
export function isValueOf(type: ValueType, value: RuleValue): boolean {
  if (type === 'int') return typeof value === 'bigint' && value <= INT_MAX && value >= -INT_MAX - 1n;
  if (type === 'bool') return typeof value === 'boolean';
  if (type === 'string') return typeof value === 'string' && value.length <= TEXT_MAX;
  return (
    Array.isArray(value) &&
    value.length <= LIST_MAX &&
    value.every((item) => typeof item === 'string' && item.length <= TEXT_MAX)
  );
}

/** What a variable is when a golden case does not name it. */
export function emptyValue(type: ValueType): RuleValue {
  if (type === 'int') return 0n;
  if (type === 'bool') return false;
  return type === 'string' ? '' : [];
}
