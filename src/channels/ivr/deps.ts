import type { Language } from '../../values/language.ts';
import type { Command, Outcome } from '../command.ts';

/** `not_set`: the subscriber has no PIN yet. `locked`: too many wrong ones, on whatever channel. */
export type PinVerdict = 'ok' | 'wrong' | 'locked' | 'not_set';

/** The world as one call sees it: everything is already bound to the caller and to this call. */
export interface IvrCallDeps {
  /**
   * Undefined for a number we do not know: the caller hears so, and the call ends. `zone`: IANA zone of spoken dates,
   * the deployment's when absent.
   */
  readonly subscriber: { readonly language: Language; readonly zone?: string } | undefined;
  /**
   * Carries out a command of this caller. `stepId` is unique within the call and the same when a step is tried again:
   * call uuid and step id together are the request id.
   */
  execute(stepId: string, command: Command): Promise<Outcome>;
  verifyPin(digits: string): Promise<PinVerdict>;
  /** Tells whether the result of a confirmed operation was heard to its end; what was not is sent by SMS. */
  resultHeard(pendingId: string, heard: boolean): void;
}

/** Finds out who calls. A rejection means that we cannot serve anybody now. */
export type OpenCall = () => Promise<IvrCallDeps>;
