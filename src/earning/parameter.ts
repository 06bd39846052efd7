import type { RuleValue } from '../rules/value.ts';

/** A loyalty parameter: what may be told about members, by whom and in which unit. */
export interface ParameterDefinition {
  readonly code: string;
  readonly type: 'int' | 'bool' | 'string';
  readonly unit: string;
  readonly source: string;
  readonly description: string;
}

const INT = /^(0|-?[1-9]\d{0,17})$/;
const TEXT_MAX = 100;

/**
 * Reads a value as its definition types it. Whole numbers are decimal text, booleans `true` or `false`; undefined
 * when the text is neither, so that nothing is guessed.
 */
export function findParameterValue(definition: ParameterDefinition, text: string): RuleValue | undefined {
  if (definition.type === 'int') return INT.test(text) ? BigInt(text) : undefined;
  if (definition.type === 'bool') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (definition.code === 'birthday') return isMonthDay(text) ? text : undefined;
  return text.length <= TEXT_MAX ? text : undefined;
}

/** `MM-DD` of a leap year: 02-29 is somebody's birthday. */
function isMonthDay(text: string): boolean {
  const [month, day] = (/^(\d\d)-(\d\d)$/.exec(text) ?? []).slice(1).map(Number);
  if (month === undefined || day === undefined || month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(2024, month, 0)).getUTCDate();
}
