import type { Language } from '../../values/language.ts';
import type { Msisdn } from '../../values/msisdn.ts';
import type { CatalogueItem, Command, Outcome, Quote } from '../command.ts';
import type { PinVerdict } from './deps.ts';
import type { CallAction, CallInput } from './step.ts';

/** What the caller wants to spend points on, once the PIN is known to be right. */
export type Wish = { readonly kind: 'transfer' } | { readonly kind: 'redeem'; readonly item: CatalogueItem };

/** A question that waits for keys. */
export type Question =
  | { readonly kind: 'menu' }
  | { readonly kind: 'item'; readonly items: readonly CatalogueItem[] }
  | { readonly kind: 'pin'; readonly wish: Wish }
  | { readonly kind: 'recipient' }
  | { readonly kind: 'points'; readonly to: Msisdn }
  | { readonly kind: 'confirm'; readonly pendingId: string; readonly quote: Quote };

/** What follows a prompt that must be heard to its end. */
export type Next = Question | { readonly kind: 'hangup' } | { readonly kind: 'operator' };

/** Where a call is. */
export type Stage =
  | Question
  | { readonly kind: 'saying'; readonly next: Next }
  | {
      readonly kind: 'executing';
      readonly stepId: string;
      readonly command: Command;
      readonly retried: boolean;
      /** The question to come back to. */
      readonly from: Question;
    }
  | { readonly kind: 'verifying'; readonly wish: Wish }
  | { readonly kind: 'leaving' };

/** Everything one call remembers between two inputs. */
export interface CallState {
  readonly language: Language;
  readonly stage: Stage;
  /** Menus entered, the current one last; never empty. */
  readonly menus: readonly string[];
  /** Consecutive silences and wrong inputs at the current question. */
  readonly silences: number;
  readonly mistakes: number;
  /** Business refusals since the last menu: after the second one the caller is back in the menu. */
  readonly refusals: number;
  readonly pinPassed: boolean;
  readonly pinFailures: number;
  /** Steps executed so far; numbers the next one. */
  readonly steps: number;
}

export type StepInput =
  | { readonly kind: 'begin'; readonly known: boolean; readonly language: Language }
  /** The caller could not be looked up. */
  | { readonly kind: 'failed' }
  | CallInput
  | { readonly kind: 'outcome'; readonly outcome: Outcome | { readonly kind: 'busy' } }
  | { readonly kind: 'pin'; readonly verdict: PinVerdict | 'unknown' };

/** What is to be done before the next input. */
export type Effect =
  | {
      readonly kind: 'act';
      readonly action: CallAction;
      /** The prompt tells the result of this confirmed operation. */
      readonly resultOf?: string | undefined;
      /** False when the prompt cannot tell all of it (a voucher code): it is sent by SMS in any case. */
      readonly tellsAll?: boolean;
    }
  | { readonly kind: 'execute'; readonly stepId: string; readonly command: Command }
  | { readonly kind: 'verifyPin'; readonly digits: string };

export interface Turn {
  readonly state: CallState;
  readonly effect: Effect;
}

/** A call before its first prompt. */
export function newCall(language: Language, start: string): CallState {
  return {
    language,
    stage: { kind: 'menu' },
    menus: [start],
    silences: 0,
    mistakes: 0,
    refusals: 0,
    pinPassed: false,
    pinFailures: 0,
    steps: 0,
  };
}
