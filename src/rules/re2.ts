import { RE2JS } from 're2js';

/** Patterns matched in linear time: a backtracking one could stop the daemon with 26 letters. */

const PATTERNS_MAX = 1_000;
const PATTERN_LENGTH_MAX = 200;
const patterns = new Map<string, RE2JS>();

/** Compiles a pattern, or says in plain words why not. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    return `a pattern has at most ${String(PATTERN_LENGTH_MAX)} characters`;
  }
  try {
    compiled(pattern);
    return undefined;
  } catch (error) {
    return `the pattern is not one that RE2 knows: ${(error as Error).message}`;
  }
}

/** Whether the pattern occurs anywhere in the text. */
export function re2Matches(text: string, pattern: string): boolean {
  return compiled(pattern).matcher(text).find();
}

function compiled(pattern: string): RE2JS {
  const found = patterns.get(pattern);
  if (found !== undefined) return found;
  if (patterns.size >= PATTERNS_MAX) patterns.clear();
  const made = RE2JS.compile(pattern);
  patterns.set(pattern, made);
  return made;
}
