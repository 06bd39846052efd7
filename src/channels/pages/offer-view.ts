import { LANGUAGES, type Language } from '../../values/language.ts';
import { html, type Html } from './html.ts';
import { offerStyle } from './offer-style.ts';
import { OFFER_TEXTS, type OfferTrouble } from './offer-texts.ts';
import type { PageResponse } from './page.ts';

/** What the operator's programme looks like. */
export interface OfferBrand {
  readonly title: string;
  readonly colour: string;
  readonly termsUrl?: string | undefined;
}

export interface OfferView {
  readonly brand: OfferBrand;
  readonly language: Language;
  /** Path of the page, for its form and links. */
  readonly path: string;
  /** The ticket the page was opened with; kept when the language changes. */
  readonly token: string;
}

/** The offer with its three answers. */
export function renderOffer(
  view: OfferView,
  shop: { readonly merchant: string; readonly host: string },
): PageResponse {
  const { offer } = OFFER_TEXTS[view.language];
  const { termsUrl } = view.brand;
  const terms = termsUrl === undefined ? [] : [html` <a href="${termsUrl}">${offer.terms}</a>`];
  return document(
    view,
    200,
    offer.title(shop.merchant),
    html`<p>${offer.lead}</p>
      <ol>
        ${offer.steps.map((step) => html`<li>${step}</li>`)}
      </ol>
      <form method="post" action="${view.path}">
        <input type="hidden" name="t" value="${view.token}" />
        <input type="hidden" name="lang" value="${view.language}" />
        <button class="first" name="action" value="accept">${offer.accept}</button>
        <div class="pair">
          <button name="action" value="later">${offer.later}</button>
          <button name="action" value="decline">${offer.decline}</button>
        </div>
      </form>
      <p class="soft">${offer.onTheWay(shop.host)}</p>
      <p class="soft">${offer.note}${terms}</p>`,
  );
}

/** Why there is no offer, and the way on to the shop when the ticket proves which one it is. */
export function renderTrouble(
  view: OfferView,
  status: number,
  trouble: OfferTrouble,
  shop?: { readonly host: string; readonly url: string },
): PageResponse {
  const texts = OFFER_TEXTS[view.language];
  const { title, text } = texts.trouble[trouble];
  const way =
    shop === undefined
      ? []
      : [html`<a class="button first" href="${shop.url}">${texts.toShop(shop.host)}</a>`];
  return document(
    view,
    status,
    title,
    html`<p>${text}</p>
      ${way}`,
  );
}

const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', ru: 'Русский' };

function document(view: OfferView, status: number, title: string, content: Html): PageResponse {
  const style = offerStyle(view.brand.colour);
  // The policy allows exactly these octets: no formatting may come between.
  const sheet = { markup: `<style>${style.css}</style>` };
  const languages = LANGUAGES.map((language) =>
    language === view.language
      ? html`<b>${LANGUAGE_NAMES[language]}</b>`
      : html`<a href="${languageLink(view, language)}" lang="${language}">${LANGUAGE_NAMES[language]}</a>`,
  );
  const page = html`<html lang="${view.language}">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <title>${title} · ${view.brand.title}</title>
      ${sheet}
    </head>
    <body>
      <header>
        <div class="bar">
          <span class="brand">${view.brand.title}</span>
          <nav class="lang">${languages}</nav>
        </div>
      </header>
      <main>
        <div class="card">
          <h1>${title}</h1>
          ${content}
        </div>
      </main>
    </body>
  </html>`;
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': style.policy,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-language': view.language,
      vary: 'accept-language',
    },
    body: `<!doctype html>\n${page.markup}\n`,
  };
}

function languageLink(view: OfferView, language: Language): string {
  const token = /^[\w-]+$/.test(view.token) ? view.token : '';
  return `${view.path}?t=${token}&lang=${language}`;
}
