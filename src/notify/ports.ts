import type { Instant } from '../values/instant.ts';
import type { Language } from '../values/language.ts';
import type { TraceId } from '../values/trace.ts';
import type { VariableValue } from './templates.ts';

/** A message on its way to a handset. The wire splits it, encodes it and numbers its parts. */
export interface OutboundSms {
  /** Delivery record id, unique for ever; the same when a message is offered again. */
  readonly id: string;
  readonly trace: TraceId;
  /** Which SMSC (name in the configuration); the first usable one when absent. */
  readonly smsc?: string;
  /** Short code or alphanumeric sender. */
  readonly source: string;
  /** E.164 digits. */
  readonly destination: string;
  readonly text: string;
  /** Ask for a receipt. */
  readonly receipt: boolean;
  /** Replies go out before service messages, those before campaigns. */
  readonly priority: 'reply' | 'service' | 'campaign';
}

/**
 * How a submit ended. `accepted`: every part was taken, with the SMSC's ids. `refused`: the SMSC said no for good.
 * `retry`: not taken, may be offered again (throttled, no bind, SMSC trouble). `unknown`: no answer before the time-out
 * or the loss of the connection; it may or may not have been sent.
 */
export type SubmitReceipt =
  | {
      readonly kind: 'accepted';
      readonly bind: string;
      /** Of the SMSC that took it: receipts may come over another of its binds. */
      readonly smsc?: string;
      /** One per part, normalised; empty where the SMSC gives no usable id: no receipt can be matched by it. */
      readonly messageIds: readonly string[];
    }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'retry'; readonly reason: string; readonly status?: number }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Exported by the SMPP wire, passed to the dispatcher by the daemon. Never rejects. */
export type SendSms = (mt: OutboundSms) => Promise<SubmitReceipt>;

export const MESSAGE_STATES = [
  'enroute',
  'delivered',
  'expired',
  'deleted',
  'undeliverable',
  'accepted',
  'unknown',
  'rejected',
] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** A delivery receipt (SMPP 3.4 Appendix B), already parsed and its id normalised by the bind's profile. */
export interface DeliveryReceipt {
  readonly smsc: string;
  readonly bind: string;
  readonly messageId: string;
  readonly source: string;
  readonly messageState: MessageState;
  readonly error?: string;
  readonly receivedAt: Instant;
}

/** Stores a receipt; the wire answers ESME_ROK only when it resolves true. Never rejects. */
export type ReceiveReceipt = (receipt: DeliveryReceipt) => Promise<boolean>;

/** Ways to reach a subscriber with a notice; the number in the database is the position. */
export const NOTICE_CHANNELS = ['push', 'sms', 'mail'] as const;
export type NoticeChannel = (typeof NOTICE_CHANNELS)[number];

export interface NoticeWords {
  /** Of an e-mail. */
  readonly subject: string;
  readonly text: string;
}

/** Says a notice in a language; undefined for a template that is not known any more. Exported by `channels/texts`. */
export type WordNotice = (asked: {
  readonly template: string;
  readonly channel: NoticeChannel;
  readonly language: Language;
  /** IANA name; days are told in it. */
  readonly zone: string;
  readonly variables: Readonly<Record<string, VariableValue>>;
}) => NoticeWords | undefined;

/** A notice on its way to a handset's screen (network-initiated USSD) or a mailbox. */
export interface DirectNotice extends NoticeWords {
  /** Unique for ever; the same when it is offered again. */
  readonly id: string;
  readonly trace: TraceId;
  /** E.164 digits, or the e-mail address. */
  readonly to: string;
}

/**
 * How it ended. `delivered`: shown on the handset. `accepted`: the mail server took it. `refused`: never, by this
 * channel. `retry`: not taken, may be offered again. `unknown`: no answer; it may or may not have arrived.
 */
export type DirectReceipt =
  | { readonly kind: 'delivered' | 'accepted' }
  | { readonly kind: 'refused' | 'retry' | 'unknown'; readonly reason: string };

/** Exported by the SMPP wire (USSD push) and the mail wire, passed to the notifier by the daemon. Never rejects. */
export type SendDirect = (notice: DirectNotice) => Promise<DirectReceipt>;
