import type { CallState, StepInput } from './state.ts';

/**
 * One entry of a call's record: where the caller was and what came. Only menu keys are named; PINs, numbers and
 * amounts are told by their length.
 */
export function describe(state: CallState, input: StepInput): string {
  const where = state.stage.kind === 'menu' ? `menu ${state.menus.at(-1)!}` : state.stage.kind;
  if (input.kind === 'digits') {
    return `${where}: ${state.stage.kind === 'menu' ? input.digits : `${input.digits.length} keys`}`;
  }
  if (input.kind === 'pin') return `pin: ${input.verdict}`;
  if (input.kind !== 'outcome') return `${where}: ${input.kind}`;
  return `${where}: ${input.outcome.kind === 'refused' ? input.outcome.code : input.outcome.kind}`;
}
