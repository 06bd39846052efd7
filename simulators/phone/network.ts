import type { Till } from '../shop/till.ts';
import type { Smsc } from '../smsc/smsc.ts';
import type { UssdCentre } from '../ussd-centre/ussd-centre.ts';

/** A subscriber that the demo was seeded with; everything a person needs to play them. */
export interface DemoSubscriber {
  readonly msisdn: string;
  readonly name: string;
  readonly pin: string;
  readonly language: 'en' | 'ru';
  /** Address that the DPI knows this subscriber by. */
  readonly ip: string;
  /** What is special about them, in a few words: `500 points, 120 expire soon`. */
  readonly note: string;
}

/** Words that are being played; after some of them the gateway waits for keys. */
export interface SpokenPrompt {
  readonly text: string;
  readonly asks: boolean;
}

/** A call in progress, as heard at the handset. */
export interface PhoneCall {
  /** `heard` is called as each prompt begins. */
  onPrompt(heard: (prompt: SpokenPrompt) => void): void;
  press(digits: string): void;
  hangup(): void;
  /** Why the call ended, for example `NORMAL_CLEARING`. Never rejects. */
  readonly ended: Promise<string>;
}

export interface WebRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** What came back through the DPI, and what the DPI did. */
export interface WebAnswer {
  /**
   * `pass`: the site answered, as the gateway wished; `bypass`: the site answered because the gateway did not;
   * `redirect`: the DPI answered for the site; `direct`: a page of the gateway itself.
   */
  readonly verdict: 'pass' | 'bypass' | 'redirect' | 'direct';
  readonly status: number;
  readonly location: string | undefined;
  readonly contentType: string;
  readonly setCookie: readonly string[];
  readonly body: string;
}

/** Something to break, shown as a switch, a number or a button. */
export interface FaultSwitch {
  /** Stable, for the API: `smsc.silent`. */
  readonly name: string;
  readonly group: string;
  readonly title: string;
  /** What a person should see happen. */
  readonly hint: string;
  readonly kind: 'switch' | 'number' | 'button';
  value(): boolean | number;
  set(value: boolean | number): void;
}

/** The mobile network around the phone: simulators and the few strings that lead to the gateway. */
export interface Network {
  readonly smsc: Pick<Smsc, 'handset'>;
  readonly ussd: Pick<UssdCentre, 'dial'>;
  call(from: DemoSubscriber, to: string): Promise<PhoneCall>;
  /** Opens one address, without following redirects. Rejects when nothing answers. */
  fetch(from: DemoSubscriber, request: WebRequest): Promise<WebAnswer>;
  /** Pays minor units onto the subscriber's account and announces the payment; a sentence that tells how it went. */
  topUp(msisdn: string, amount: bigint): Promise<string>;
  /** The cash desk of the bookshop. */
  readonly till: Pick<Till, 'buy' | 'pay'>;
  readonly faults: readonly FaultSwitch[];
  /** The gateway's time. */
  now(): Date;
  /** Moves the gateway's clock; resolves with its new time. */
  advanceClock(days: number): Promise<Date>;
}

/** One step of the guided tour. */
export interface StoryStep {
  readonly title: string;
  readonly text: string;
  /** Which app opens on "Show me", and what stands ready in it. `{code}` is the code in the last message, `{friend}` another subscriber. */
  readonly app: 'messages' | 'dial' | 'web' | 'network';
  readonly prefill: string;
  /** The step is done when what the person did matches, as `sms BALANCE` or `ussd *100#`: a regular expression. */
  readonly done: string;
}

/** What the page is told once: who, where, and what to try. */
export interface DemoGuide {
  readonly subscribers: readonly DemoSubscriber[];
  readonly shortCode: string;
  readonly ussdCode: string;
  readonly ivrNumber: string;
  /** Addresses of partner shops, for the browser's start page. */
  readonly shops: readonly string[];
  /** Commands offered above the keyboard, by language. */
  readonly quickReplies: Readonly<Record<'en' | 'ru', readonly string[]>>;
  readonly story: readonly StoryStep[];
  readonly links: readonly { readonly title: string; readonly url: string }[];
}
