import type { Origin, TraceId } from '../../values/trace.ts';

/** A call that reached us, before the first prompt. Texts here come from the network: never put them into arguments. */
export interface CallArrival {
  readonly trace: TraceId;
  /** Channel uuid of FreeSWITCH. */
  readonly uuid: string;
  readonly caller: string;
  readonly called: string;
  readonly origin: Origin;
}

/** What a prompt is made of, in playing order: absolute or sound-relative file names, already chosen by language. */
export type PromptFiles = readonly string[];

/** What the call should do next; the wire carries it out and comes back with a {@link CallInput}. */
export type CallAction =
  | {
      readonly kind: 'ask';
      readonly prompt: PromptFiles;
      readonly minDigits: number;
      readonly maxDigits: number;
      readonly firstDigitMs: number;
      readonly interDigitMs: number;
      /** Whole-input pattern, for example `^[1-4]$`; checked by the wire after the switch. */
      readonly pattern: RegExp;
      readonly bargeIn: boolean;
      /** A PIN: never logged, traced or left in a channel variable. */
      readonly secret: boolean;
    }
  | { readonly kind: 'play'; readonly prompt: PromptFiles }
  | { readonly kind: 'transfer'; readonly extension: string }
  | { readonly kind: 'hangup' };

/** How the last action ended. `noMatch` carries nothing: a wrong key is never echoed. */
export type CallInput =
  | { readonly kind: 'digits'; readonly digits: string }
  | { readonly kind: 'noInput' }
  | { readonly kind: 'noMatch' }
  /** `failed`: a sound file was missing, so the caller did not hear all of it. */
  | { readonly kind: 'played'; readonly failed?: boolean };

/** One call's conversation; made by the daemon for each arrival. `next` and `ended` never reject. */
export interface CallConversation {
  start(): Promise<CallAction>;
  next(input: CallInput): Promise<CallAction>;
  /** The channel is gone. `heard`: whether the action in progress had been played to its end. */
  ended(cause: string, heard: boolean): void;
}

/** Given by the daemon to the ESL wire; undefined when the call cannot be taken (stopping, too many). */
export type TakeCall = (arrival: CallArrival) => CallConversation | undefined;
