import { EventEmitter } from 'node:events';

/** How a dialogue ended, as the subscriber would tell it. */
export type UssdEnd =
  'final' | 'aborted by subscriber' | 'aborted by network' | 'no answer' | 'refused' | 'replaced';

/** What the handset shows: a screen that waits for an answer, or the last one. */
export interface UssdDisplay {
  readonly text: string;
  readonly final: boolean;
}

/** A USSD dialogue seen from the handset that dialled. */
export interface UssdDialogue {
  readonly msisdn: string;
  /** The code that was dialled. */
  readonly code: string;
  /** All screens so far, oldest first. */
  readonly screens: readonly UssdDisplay[];
  readonly events: EventEmitter<{ screen: [UssdDisplay]; ended: [UssdEnd] }>;
  /** Resolves when the dialogue is over. */
  readonly ended: Promise<UssdEnd>;
  readonly end: UssdEnd | undefined;
  /** The next screen that was not taken yet; undefined when the dialogue ended without another. */
  next(): Promise<UssdDisplay | undefined>;
  /** Sends what the subscriber typed. Nothing happens after the end. */
  answer(text: string): void;
  abort(): void;
}

/** The handset's side kept by the centre: screens come in, the end is final. */
export interface DialogueHandset {
  readonly dialogue: UssdDialogue;
  show(display: UssdDisplay): void;
  finish(end: UssdEnd): void;
}

/** Makes the handset's view of one dialogue; `answer` and `abort` are the centre's. */
export function openDialogue(
  msisdn: string,
  code: string,
  centre: { answer(text: string): void; abort(): void },
): DialogueHandset {
  const screens: UssdDisplay[] = [];
  const events: UssdDialogue['events'] = new EventEmitter();
  const readers: (() => void)[] = [];
  let taken = 0;
  let end: UssdEnd | undefined;
  const ended = new Promise<UssdEnd>((resolve) => events.once('ended', resolve));
  const wake = (): void => {
    for (const reader of readers.splice(0)) reader();
  };
  const next = async (): Promise<UssdDisplay | undefined> => {
    while (taken === screens.length && end === undefined) {
      await new Promise<void>((resolve) => readers.push(resolve));
    }
    return screens[taken++];
  };
  return {
    dialogue: {
      msisdn,
      code,
      screens,
      events,
      ended,
      get end() {
        return end;
      },
      next,
      answer: (text) => {
        if (end === undefined) centre.answer(text);
      },
      abort: () => {
        if (end === undefined) centre.abort();
      },
    },
    show: (display) => {
      if (end !== undefined) return;
      screens.push(display);
      events.emit('screen', display);
      wake();
    },
    finish: (how) => {
      if (end !== undefined) return;
      end = how;
      events.emit('ended', how);
      wake();
    },
  };
}
