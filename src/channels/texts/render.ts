import type { RefusalCode, RefusalDetail } from '../../errors.ts';
import { instant, later } from '../../values/instant.ts';
import type { Language } from '../../values/language.ts';
import type {
  BalanceView,
  CatalogueItem,
  HistoryEntry,
  OrderView,
  Outcome,
  Quote,
  Result,
} from '../command.ts';
import { smsParts } from './alphabet.ts';
import { formatDay, formatMoney, formatShortDay, formatTime, signed } from './numbers.ts';
import type { Texts } from './texts.ts';
import type { TextValues } from './wording.ts';

/** Whom a text is for. */
export interface Reader {
  readonly language: Language;
  /** IANA name; days and hours are told in it. */
  readonly zone: string;
}

/** Of the lots that lapse, the soonest are told; the rest would only make a second message part. */
const EXPIRING_SHOWN = 2;
const HISTORY_SHOWN = 5;

/** The words of an outcome. Pure and never throws: the ledger calls it inside its decision. */
export function renderOutcome(texts: Texts, outcome: Outcome, reader: Reader): string {
  switch (outcome.kind) {
    case 'done':
      return renderResult(texts, outcome.result, reader);
    case 'refused':
      return renderRefusal(texts, outcome.code, outcome.detail, reader);
    case 'unknown':
      return texts.say('unknown', reader.language);
  }
}

function renderResult(texts: Texts, result: Result, reader: Reader): string {
  const { language } = reader;
  switch (result.kind) {
    case 'balance':
      return renderBalance(texts, result.balance, reader);
    case 'history':
      return renderHistory(texts, result.entries, reader);
    case 'catalogue':
      return renderCatalogue(texts, result.items, language);
    case 'help':
      return texts.say('done.help', language);
    case 'language':
      return texts.say('done.language', result.language);
    case 'prepared':
      return renderQuote(texts, result.quote, result.code, language);
    case 'transferred':
      return texts.say('done.transferred', language, { ...result, to: result.to });
    case 'redeemed': {
      const { item, available, voucher } = result;
      const values = { name: item.name[language], points: item.points, available };
      if (voucher === undefined) return texts.say('done.redeemed', language, values);
      return texts.say('done.redeemed_voucher', language, { ...values, voucher });
    }
    case 'ordered': {
      const { item, available } = result;
      return texts.say('done.ordered', language, {
        name: item.name[language],
        points: item.points,
        available,
      });
    }
    case 'orders':
      return renderOrders(texts, result.orders, reader);
    case 'given_back': {
      const { name, points, available } = result;
      return texts.say('done.given_back', language, { name: name[language], points, available });
    }
    case 'buying': {
      const { points, price } = result;
      return texts.say('done.buying', language, { points, price: formatMoney(price, language) });
    }
    case 'cancelled':
      return texts.say('done.cancelled', language);
  }
}

function renderBalance(texts: Texts, balance: BalanceView, { language, zone }: Reader): string {
  const sentences = [texts.say('done.balance', language, { available: balance.available })];
  for (const { points, at } of balance.expiring.slice(0, EXPIRING_SHOWN)) {
    // Lots end at midnight; people count the last whole day.
    const date = formatDay(later(at, -1), language, zone);
    sentences.push(texts.say('done.balance_expiring', language, { points, date }));
  }
  const { held, pending, debt } = balance;
  if (held > 0n) sentences.push(texts.say('done.balance_held', language, { held }));
  if (pending > 0n) sentences.push(texts.say('done.balance_pending', language, { pending }));
  if (debt > 0n) sentences.push(texts.say('done.balance_debt', language, { debt }));
  return sentences.join(' ');
}

function renderHistory(texts: Texts, entries: readonly HistoryEntry[], { language, zone }: Reader): string {
  if (entries.length === 0) return texts.say('done.history_empty', language);
  const lines = entries.slice(0, HISTORY_SHOWN).map(({ at, kind, points }) =>
    texts.say('done.history_entry', language, {
      date: formatShortDay(at, language, zone),
      points: signed(points, language),
      kind,
    }),
  );
  return lines.join('\n');
}

/** One line of the list of orders, the same on SMS and USSD. */
export function orderLine(texts: Texts, order: OrderView, { language, zone }: Reader): string {
  const { number, points, at, state, cancelUntil } = order;
  const date = formatShortDay(at, language, zone);
  const line = texts.say('done.order', language, { number, name: order.name[language], points, date, state });
  if (cancelUntil === undefined) return line;
  return (
    line + texts.say('done.order_returnable', language, { date: formatShortDay(cancelUntil, language, zone) })
  );
}

/** The newest orders that two message parts hold, and how to return one when one may be returned. */
function renderOrders(texts: Texts, orders: readonly OrderView[], reader: Reader): string {
  if (orders.length === 0) return texts.say('done.orders_empty', reader.language);
  const lines = orders.map((order) => orderLine(texts, order, reader));
  const returnable = orders.some((order) => order.cancelUntil !== undefined);
  const how = returnable ? [texts.say('done.orders_how', reader.language)] : [];
  for (let shown = lines.length; shown > 1; shown--) {
    const text = [...lines.slice(0, shown), ...how].join('\n');
    if (smsParts(text) <= 2) return text;
  }
  return [lines[0], ...how].join('\n');
}

/** As many items as two message parts hold, so that a long catalogue does not become a long bill. */
function renderCatalogue(texts: Texts, items: readonly CatalogueItem[], language: Language): string {
  if (items.length === 0) return texts.say('done.catalogue_empty', language);
  const lines = items.map((item) => catalogueLine(texts, item, language));
  const how = texts.say('done.catalogue_how', language);
  for (let shown = lines.length; shown > 1; shown--) {
    const hidden = lines.length - shown;
    const more = hidden === 0 ? [] : [texts.say('done.catalogue_more', language, { count: hidden })];
    const text = [...lines.slice(0, shown), ...more, how].join('\n');
    if (smsParts(text) <= 2) return text;
  }
  return [lines[0], how].join('\n');
}

/** One line of the catalogue, the same on SMS and USSD. */
export function catalogueLine(texts: Texts, item: CatalogueItem, language: Language): string {
  const { number, name, points } = item;
  return texts.say('done.catalogue_item', language, { number, name: name[language], points });
}

/** What is to be confirmed; with a code the text says how, without one the dialogue around it does. */
export function renderQuote(
  texts: Texts,
  quote: Quote,
  code: string | undefined,
  language: Language,
): string {
  if (quote.kind === 'transfer') {
    const { points, to, fee } = quote;
    if (code === undefined) return texts.say('done.prepared_transfer', language, { points, to, fee });
    return texts.say('done.prepared_transfer_code', language, { points, to, fee, code });
  }
  if (quote.kind === 'buy') {
    const values = { points: quote.points, price: formatMoney(quote.price, language) };
    if (code === undefined) return texts.say('done.prepared_buy', language, values);
    return texts.say('done.prepared_buy_code', language, { ...values, code });
  }
  if (quote.kind === 'give_back') {
    const values = { name: quote.name[language], points: quote.points };
    if (code === undefined) return texts.say('done.prepared_give_back', language, values);
    return texts.say('done.prepared_give_back_code', language, { ...values, code });
  }
  const values = { name: quote.item.name[language], points: quote.item.points };
  if (code === undefined) return texts.say('done.prepared_redeem', language, values);
  return texts.say('done.prepared_redeem_code', language, { ...values, code });
}

/** The words of a refusal, with the numbers its detail carries; `docs/refusals.md` lists them all. */
export function renderRefusal(
  texts: Texts,
  code: RefusalCode,
  detail: RefusalDetail,
  reader: Reader,
): string {
  return texts.say(`refused.${code}`, reader.language, readable(detail, reader));
}

/** `until` is a moment (epoch ms): told as the hour, the day or both would be too long for one part. */
function readable(detail: RefusalDetail, { language, zone }: Reader): TextValues {
  const until = detail['until'];
  if (typeof until !== 'number' || !Number.isFinite(until)) return detail;
  return { ...detail, until: formatTime(instant(until), language, zone) };
}
