import { expect } from 'chai';
import type { CatalogueItem, Outcome, Result } from '../../../src/channels/command.ts';
import { smsParts, sizeOf } from '../../../src/channels/texts/alphabet.ts';
import { renderOutcome, type Reader } from '../../../src/channels/texts/render.ts';
import { loadTexts, type Texts } from '../../../src/channels/texts/texts.ts';
import { REFUSAL_CODES, type RefusalDetail } from '../../../src/errors.ts';
import { instant } from '../../../src/values/instant.ts';
import { LANGUAGES, type Language } from '../../../src/values/language.ts';
import { parseMsisdn } from '../../../src/values/msisdn.ts';
import { expectTranscript } from '../../support/golden.ts';

const TO = parseMsisdn('79160000002');
const COFFEE: CatalogueItem = {
  number: 1,
  code: 'coffee',
  name: { en: 'Cup of coffee', ru: 'Чашка кофе' },
  points: 150n,
};
const CINEMA: CatalogueItem = {
  number: 2,
  code: 'cinema',
  name: { en: 'Cinema ticket', ru: 'Билет в кино' },
  points: 1200n,
};
/** Midnight in Moscow that ends 31 October 2025. */
const END_OF_OCTOBER = instant(Date.UTC(2025, 9, 31, 21));
const NOTHING = { held: 0n, pending: 0n, debt: 0n, expiring: [] };

const RESULTS: Record<string, Result> = {
  'balance of nothing': { kind: 'balance', balance: { ...NOTHING, available: 0n } },
  'balance with expiry': {
    kind: 'balance',
    balance: { ...NOTHING, available: 1250n, expiring: [{ points: 300n, at: END_OF_OCTOBER }] },
  },
  'balance with everything': {
    kind: 'balance',
    balance: {
      available: 12_500n,
      held: 100n,
      pending: 50n,
      debt: 20n,
      expiring: [1n, 2n, 5n].map((points, month) => ({
        points,
        at: instant(END_OF_OCTOBER + month * 86_400_000 * 30),
      })),
    },
  },
  'no history': { kind: 'history', entries: [] },
  history: {
    kind: 'history',
    entries: (['earn', 'spend', 'transfer_in', 'transfer_out', 'expire', 'adjust', 'reverse'] as const).map(
      (kind, day) => ({
        kind,
        points: BigInt((day % 2 === 0 ? 1 : -1) * (90 + day * 400)),
        at: instant(Date.UTC(2025, 9, 7 - day, 22)),
      }),
    ),
  },
  'empty catalogue': { kind: 'catalogue', items: [] },
  catalogue: { kind: 'catalogue', items: [COFFEE, CINEMA] },
  'long catalogue': {
    kind: 'catalogue',
    items: Array.from({ length: 40 }, (_, at) => ({ ...CINEMA, number: at + 1 })),
  },
  help: { kind: 'help' },
  'language en': { kind: 'language', language: 'en' },
  'language ru': { kind: 'language', language: 'ru' },
  'prepared transfer by code': {
    kind: 'prepared',
    pendingId: 'p',
    code: '4821',
    quote: { kind: 'transfer', to: TO, points: 50n, fee: 0n },
  },
  'prepared transfer by code with a fee': {
    kind: 'prepared',
    pendingId: 'p',
    code: '482193',
    quote: { kind: 'transfer', to: TO, points: 10_000n, fee: 500n },
  },
  'prepared transfer': {
    kind: 'prepared',
    pendingId: 'p',
    quote: { kind: 'transfer', to: TO, points: 2n, fee: 1n },
  },
  'prepared redemption by code': {
    kind: 'prepared',
    pendingId: 'p',
    code: '4821',
    quote: { kind: 'redeem', item: CINEMA },
  },
  'prepared redemption': { kind: 'prepared', pendingId: 'p', quote: { kind: 'redeem', item: COFFEE } },
  transferred: { kind: 'transferred', to: TO, points: 50n, available: 300n },
  'transferred one': { kind: 'transferred', to: TO, points: 1n, available: 0n },
  redeemed: { kind: 'redeemed', item: COFFEE, available: 1n },
  'redeemed with a voucher': { kind: 'redeemed', item: CINEMA, available: 50n, voucher: 'KINO-7F2K-99QD' },
  ordered: { kind: 'ordered', item: CINEMA, available: 50n },
  'orders, none': { kind: 'orders', orders: [] },
  orders: {
    kind: 'orders',
    orders: [
      {
        number: 1,
        name: COFFEE.name,
        points: 150n,
        at: instant(Date.UTC(2025, 9, 7, 9)),
        state: 'fulfilled',
        cancelUntil: instant(Date.UTC(2025, 9, 10, 9)),
      },
      { number: 2, name: CINEMA.name, points: 1200n, at: instant(Date.UTC(2025, 9, 1, 9)), state: 'waiting' },
      { number: 3, name: COFFEE.name, points: 150n, at: instant(Date.UTC(2025, 8, 1, 9)), state: 'failed' },
    ],
  },
  'prepared return by code': {
    kind: 'prepared',
    pendingId: 'p',
    code: '4821',
    quote: { kind: 'give_back', name: COFFEE.name, points: 150n },
  },
  'prepared return': {
    kind: 'prepared',
    pendingId: 'p',
    quote: { kind: 'give_back', name: CINEMA.name, points: 1n },
  },
  returned: { kind: 'given_back', name: COFFEE.name, points: 150n, available: 350n },
  'prepared purchase of points by code': {
    kind: 'prepared',
    pendingId: 'p',
    code: '4821',
    quote: { kind: 'buy', points: 100n, price: { minor: 3334n, currency: 'RUB' } },
  },
  'prepared purchase of points': {
    kind: 'prepared',
    pendingId: 'p',
    quote: { kind: 'buy', points: 1n, price: { minor: 34n, currency: 'RUB' } },
  },
  'purchase of points': { kind: 'buying', points: 100n, price: { minor: 123_456_05n, currency: 'RUB' } },
  cancelled: { kind: 'cancelled' },
};

/** The richest detail that the core gives; without it the plain wording is said. */
const DETAILS: Partial<Record<(typeof REFUSAL_CODES)[number], readonly RefusalDetail[]>> = {
  capture_exceeds_hold: [{ held: 21n }],
  confirmation_code_wrong: [{ attemptsLeft: 0 }, { attemptsLeft: 1 }, { attemptsLeft: 2 }],
  limit_exceeded: [
    { limit: 'transfer_min', amount: 10n },
    { limit: 'transfer_max', amount: 10_000n },
    { limit: 'transfer_daily', amount: 20_000n, count: 10 },
    { limit: 'transfer_monthly', amount: 100_000n, count: 100 },
    { limit: 'item_day', count: 1, amount: 1 },
    { limit: 'item_ever', count: 1, amount: 1 },
    { limit: 'buy_max', amount: 10_000n },
    { limit: 'buy_monthly', amount: 20_000n },
    { limit: 'earning', amount: 100n },
  ],
  order_not_cancellable: [{ why: 'used' }, { why: 'late' }, { why: 'state' }],
  pin_locked: [{ until: Date.UTC(2025, 9, 7, 11, 30) }],
  pin_wrong: [{ attemptsLeft: 0 }, { attemptsLeft: 1 }, { attemptsLeft: 2 }],
  points_insufficient: [{ available: 350n }, { available: 350n, wanted: 1200n }],
  price_changed: [{ points: 200n }],
  reversal_exceeds_original: [{ left: 21n }],
};

const SAMPLES: readonly (readonly [string, Outcome])[] = [
  ...Object.entries(RESULTS).map(
    ([name, result]) => [name, { kind: 'done', result, replayed: false }] as const,
  ),
  ['unknown', { kind: 'unknown' }],
  ...REFUSAL_CODES.flatMap((code) =>
    [...(DETAILS[code] ?? []), {}].map((detail) => {
      const shown = Object.entries(detail).map(([name, value]) => `${name} ${String(value)}`);
      return [[code, ...shown].join(' '), { kind: 'refused', code, detail }] as const;
    }),
  ),
];

describe('an outcome in words', () => {
  let texts: Texts;
  before(() => {
    texts = loadTexts('conf/texts');
  });
  const reader = (language: Language): Reader => ({ language, zone: 'Europe/Moscow' });

  it('reads as in the transcript, in each language', async () => {
    const blocks = SAMPLES.map(([name, outcome]) => {
      const lines = LANGUAGES.map((language) => {
        const text = renderOutcome(texts, outcome, reader(language));
        const { alphabet, units } = sizeOf(text);
        return `${language} ${alphabet} ${String(units)}/${String(smsParts(text))}: ${text.replace(/\n/g, '\n    ')}\n`;
      });
      return `## ${name}\n${lines.join('')}`;
    });
    await expectTranscript('texts.txt', blocks.join('\n'));
  });

  it('fits two message parts, one when it is an English refusal', () => {
    for (const [name, outcome] of SAMPLES) {
      if (name === 'balance with everything') continue;
      for (const language of LANGUAGES) {
        const text = renderOutcome(texts, outcome, reader(language));
        expect(smsParts(text), `${name}: ${text}`).to.be.at.most(2);
        if (language === 'en' && outcome.kind === 'refused')
          expect(smsParts(text), `${name}: ${text}`).to.equal(1);
      }
    }
  });

  it('stays in the GSM alphabet in English, so that a part holds 160 characters', () => {
    for (const [name, outcome] of SAMPLES) {
      if (name === 'language ru') continue;
      expect(sizeOf(renderOutcome(texts, outcome, reader('en'))).alphabet, name).to.equal('gsm');
    }
  });

  it('tells days in the zone of the subscriber, and the last day that points can be used', () => {
    const outcome: Outcome = { kind: 'done', replayed: false, result: RESULTS['balance with expiry']! };
    const said = (zone: string): string => renderOutcome(texts, outcome, { language: 'en', zone });
    expect(said('Europe/Moscow')).to.contain('after 31 Oct 2025');
    expect(said('Asia/Vladivostok')).to.contain('after 1 Nov 2025');
    expect(said('Not/AZone')).to.contain('after 31 Oct 2025');
  });

  it('says the language in the language just chosen', () => {
    const outcome: Outcome = { kind: 'done', replayed: false, result: { kind: 'language', language: 'ru' } };
    expect(renderOutcome(texts, outcome, reader('en'))).to.equal('Теперь мы пишем вам по-русски.');
  });

  it('tells how many items a long catalogue leaves out', () => {
    const outcome: Outcome = { kind: 'done', replayed: false, result: RESULTS['long catalogue']! };
    const text = renderOutcome(texts, outcome, reader('en'));
    const shown = text.split('\n').filter((line) => line.includes('Cinema')).length;
    expect(text).to.contain(`and ${String(40 - shown)} more`);
  });
});
