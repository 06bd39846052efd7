/** What a value in a phrase is, and so by which piece it may be spoken. */
export type ValueKind = 'points' | 'number' | 'date' | 'digits' | 'item';

/**
 * Everything the dialogues say besides the menus, with the values each phrase may speak. The words are in the call
 * script (`phrases:`), checked against this table when it is loaded.
 */
export const PHRASES = {
  welcome: {},
  goodbye: {},
  unknownCaller: {},
  sorry: {},
  busy: {},
  toOperator: {},
  noInput: {},
  noMatch: {},
  help: {},
  languageChanged: {},
  cancelled: {},

  balance: { available: 'points' },
  balanceHeld: { points: 'points' },
  balancePending: { points: 'points' },
  balanceDebt: { points: 'points' },
  balanceExpiring: {},
  balanceExpiringEntry: { at: 'date', points: 'points' },

  historyHeading: {},
  historyEmpty: {},
  historyEarn: { at: 'date', points: 'points' },
  historySpend: { at: 'date', points: 'points' },
  historyTransferIn: { at: 'date', points: 'points' },
  historyTransferOut: { at: 'date', points: 'points' },
  historyAdjust: { at: 'date', points: 'points' },
  historyExpire: { at: 'date', points: 'points' },
  historyReverse: { at: 'date', points: 'points' },

  catalogueHeading: {},
  catalogueEmpty: {},
  catalogueEntry: { item: 'item', points: 'points', key: 'number' },
  catalogueAsk: {},

  pinAsk: {},
  pinInvalid: {},
  pinWrong: {},
  pinLocked: {},
  pinNotSet: {},
  pinTooOften: {},
  recipientAsk: {},
  recipientInvalid: {},
  pointsAsk: {},
  pointsInvalid: {},

  transferReadBack: { points: 'points', to: 'digits' },
  transferFee: { fee: 'points' },
  redeemReadBack: { item: 'item', points: 'points' },
  confirmAsk: {},
  transferred: { points: 'points', to: 'digits', available: 'points' },
  redeemed: { item: 'item', available: 'points' },
  ordered: { item: 'item', available: 'points' },
  voucherBySms: {},
  resultUnknown: {},

  refusedGeneral: {},
  refusedPoints: {},
  refusedPointsAvailable: { available: 'points' },
  refusedRecipient: {},
  refusedSelf: {},
  refusedLimit: {},
  refusedNotTransferable: {},
  refusedItem: {},
  refusedStock: {},
  refusedPrice: {},
  refusedSuspended: {},
  refusedOrigin: {},
  refusedExpired: {},
} as const satisfies Record<string, Readonly<Record<string, ValueKind>>>;

export type PhraseName = keyof typeof PHRASES;

export const PHRASE_NAMES = Object.keys(PHRASES) as PhraseName[];

type Spoken<Kind extends ValueKind> = Kind extends 'points' | 'number'
  ? bigint
  : Kind extends 'date'
    ? number
    : string;

/** The values that one phrase needs: points and numbers as bigint, dates as Instant, digits and item codes as text. */
export type PhraseValues<Name extends PhraseName> = {
  readonly [Value in keyof (typeof PHRASES)[Name]]: (typeof PHRASES)[Name][Value] extends ValueKind
    ? Spoken<(typeof PHRASES)[Name][Value]>
    : never;
};
