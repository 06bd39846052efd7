import type { Answer } from '../../cashback/changes.ts';
import type { GivenAnswer } from '../../cashback/store.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import { findHost } from '../../values/host.ts';
import { instant, type Instant } from '../../values/instant.ts';
import type { ReturnTicket, ReturnTickets } from '../redirect/return-url.ts';
import { safeUrl, withMarker } from '../redirect/safe-url.ts';
import { chooseLanguage } from './browser-language.ts';
import type { OfferTrouble } from './offer-texts.ts';
import { renderOffer, renderTrouble, type OfferBrand, type OfferView } from './offer-view.ts';
import type { Page, PageRequest, PageResponse } from './page.ts';

export interface OfferDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly tickets: ReturnTickets;
  /** Public address of the page (`cashback.offerUrl`); only its path matters here. */
  readonly offerUrl: string;
  /** Query parameter that makes the DPI pass (`cashback.loopGuardParams`, the first). */
  readonly marker: string;
  brand(): OfferBrand;
  /** The merchant a host belongs to now (`findMerchantOf`). */
  findMerchant(host: string): Promise<{ readonly id: number; readonly name: string } | undefined>;
  /** Stores an answer and uses its nonce (`recordAnswer`); undefined when the nonce was used before. */
  recordAnswer(given: GivenAnswer, now: Instant): Promise<number | undefined>;
  /** Uses a nonce without an answer; false when it was used before. */
  useNonce(nonce: string, expiresAt: Instant, now: Instant): Promise<boolean>;
  /** Resolves when no ICAP worker will send this subscriber here again. */
  applyAnswer(answer: { readonly subscriber: number; readonly answer: Answer }): Promise<void>;
}

/** A ticket that is genuine, in time, and leads to a shop that is still a partner. */
interface Visit {
  readonly ticket: ReturnTicket;
  readonly nonce: string;
  readonly merchant: string;
  readonly host: string;
  /** The requested address with the mark that lets it pass the DPI. */
  readonly returnUrl: string;
}

/**
 * The page that the DPI sends a subscriber to, and its answer.
 *
 * Each answer is stored, then acknowledged by the ICAP workers, and only then is he sent on; the mark on the return
 * URL lets him pass even through a DPI that asks somebody else. Whoever cannot be answered gets a way on to the shop,
 * provided that the ticket proves which shop it is: this page never redirects to an address it did not sign.
 */
export function offerPages(deps: OfferDeps): Page[] {
  const path = new URL(deps.offerUrl).pathname;
  return [
    { method: 'GET', path, handle: (request) => show(deps, path, request) },
    { method: 'POST', path, handle: (request) => answer(deps, path, request) },
  ];
}

async function show(deps: OfferDeps, path: string, request: PageRequest): Promise<PageResponse> {
  const view = viewOf(deps, path, request.query, request.headers['accept-language']);
  const opened = await open(deps, view);
  return 'status' in opened ? opened : renderOffer(view, opened);
}

async function answer(deps: OfferDeps, path: string, request: PageRequest): Promise<PageResponse> {
  const { action } = request.form;
  const view = viewOf(deps, path, request.form, request.headers['accept-language']);
  if (action !== 'accept' && action !== 'decline' && action !== 'later')
    return renderTrouble(view, 400, 'broken');
  const visit = await open(deps, view);
  if ('status' in visit) return visit;
  try {
    const taken =
      action === 'later' ? await postpone(deps, visit) : await take(deps, view, visit, action, request);
    return taken ? onward(visit) : renderTrouble(view, 409, 'used', shopOf(visit));
  } catch (error) {
    deps.log.error({ err: error, trace: request.trace }, 'offer answer not stored');
    return renderTrouble(view, 503, 'unavailable', shopOf(visit));
  }
}

function postpone(deps: OfferDeps, { nonce, ticket }: Visit): Promise<boolean> {
  return deps.useNonce(nonce, instant(ticket.expiresAtS * 1_000), deps.clock.now());
}

async function take(
  deps: OfferDeps,
  view: OfferView,
  { ticket, nonce }: Visit,
  action: 'accept' | 'decline',
  { trace }: PageRequest,
): Promise<boolean> {
  const { subscriber, merchant } = ticket;
  const given = action === 'accept' ? 'accepted' : 'declined';
  const nonceExpiresAt = instant(ticket.expiresAtS * 1_000);
  const version = await deps.recordAnswer(
    { subscriber, merchant, answer: given, language: view.language, trace, nonce, nonceExpiresAt },
    deps.clock.now(),
  );
  if (version === undefined) return false;
  deps.log.info({ subscriber, merchant, answer: given, version, trace }, 'offer answered');
  await deps.applyAnswer({ subscriber, answer: given });
  return true;
}

/** Opens the ticket of a request, or says what is wrong with it. */
async function open(deps: OfferDeps, view: OfferView): Promise<Visit | PageResponse> {
  const opened = deps.tickets.open(view.token, deps.clock.now() / 1_000);
  if (!opened.ok && opened.reason !== 'expired') return renderTrouble(view, 400, 'broken');
  const { ticket } = opened;
  const host = URL.canParse(ticket.url) ? (findHost(new URL(ticket.url).host) ?? '') : '';
  const returnUrl = safeUrl(withMarker(ticket.url, deps.marker));
  const trouble = (status: number, kind: OfferTrouble) =>
    renderTrouble(view, status, kind, { host, url: returnUrl });
  try {
    const merchant = await deps.findMerchant(host);
    if (merchant?.id !== ticket.merchant) return renderTrouble(view, 410, 'no_partner');
    if (!opened.ok) return trouble(410, 'expired');
    return { ticket, nonce: opened.nonce, merchant: merchant.name, host, returnUrl };
  } catch (error) {
    deps.log.error({ err: error }, 'offer page without database');
    return trouble(503, 'unavailable');
  }
}

function shopOf({ host, returnUrl }: Visit): { host: string; url: string } {
  return { host, url: returnUrl };
}

function onward({ returnUrl }: Visit): PageResponse {
  return {
    status: 303,
    headers: { location: returnUrl, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
    body: '',
  };
}

function viewOf(
  deps: OfferDeps,
  path: string,
  fields: PageRequest['query'],
  acceptLanguage: string | undefined,
): OfferView {
  const language = chooseLanguage(fields['lang'], acceptLanguage);
  return { brand: deps.brand(), language, path, token: fields['t'] ?? '' };
}
