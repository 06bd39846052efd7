/** How one rule of the running version fares. */
export interface RuleHealth {
  /** `open`: it failed too often in a row and rests; `probing`: the next event tries it once. */
  readonly state: 'closed' | 'open' | 'probing';
  readonly evaluations: number;
  readonly failures: number;
  /** Steps spent, by the rule's own {@link CompiledRule.cost}. */
  readonly steps: number;
  readonly lastFailure: string | undefined;
  /** Milliseconds since 1970; undefined while the breaker is closed. */
  readonly restsUntil: number | undefined;
}

/** Stops a rule that keeps failing, and only that one (bonus-core §4, wrapping 6). */
export interface Breaker {
  /** Whether the rule may run now. */
  admits(now: number): boolean;
  succeeded(cost: number): void;
  /** @returns whether this failure opened the breaker */
  failed(cost: number, reason: string, now: number): boolean;
  health(now: number): RuleHealth;
}

/** So many failures without a success between them open the breaker. */
export const FAILURES_TO_OPEN = 5;
export const REST_MS = 60_000;

export function createBreaker(): Breaker {
  let inRow = 0;
  let restsUntil: number | undefined;
  let [evaluations, failures, steps] = [0, 0, 0];
  let lastFailure: string | undefined;
  const count = (cost: number): void => {
    evaluations += 1;
    steps += cost;
  };
  return {
    admits: (now) => restsUntil === undefined || now >= restsUntil,
    succeeded: (cost) => {
      count(cost);
      inRow = 0;
      restsUntil = undefined;
    },
    failed: (cost, reason, now) => {
      count(cost);
      failures += 1;
      inRow += 1;
      lastFailure = reason;
      if (inRow < FAILURES_TO_OPEN) return false;
      restsUntil = now + REST_MS;
      return true;
    },
    health: (now) => {
      const state = restsUntil === undefined ? 'closed' : now < restsUntil ? 'open' : 'probing';
      return { state, evaluations, failures, steps, lastFailure, restsUntil };
    },
  };
}
