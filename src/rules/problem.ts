/** What is wrong with a rule, for the person who writes it. Lines and columns count from 1. */
export interface RuleProblem {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

export function problemAt(source: string, offset: number, reason: string): RuleProblem {
  const before = source.slice(0, Math.max(0, offset));
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: before.length - lineStart + 1, reason };
}

export function problemText({ line, column, reason }: RuleProblem): string {
  return `line ${String(line)}, column ${String(column)}: ${reason}`;
}

/** A rule that compiled but failed on actual values: an overflow, a division by zero. */
export class RuleFailure extends Error {
  override readonly name = 'RuleFailure';
}
