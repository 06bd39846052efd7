import { expect } from 'chai';
import { chooseLanguage } from '../../../src/channels/pages/browser-language.ts';
import { html } from '../../../src/channels/pages/html.ts';
import { offerStyle } from '../../../src/channels/pages/offer-style.ts';

describe('The language of a page', () => {
  const chosen: [string | undefined, string | undefined, string][] = [
    [undefined, undefined, 'en'],
    [undefined, '', 'en'],
    [undefined, 'ru', 'ru'],
    [undefined, 'RU-ru', 'ru'],
    [undefined, 'en;q=0.2, ru;q=0.8', 'ru'],
    [undefined, 'ru;q=0, en;q=0.1', 'en'],
    [undefined, 'fr, de;q=0.9', 'en'],
    [undefined, 'ru;q=abc, en;q=0.5', 'ru'],
    [undefined, ',;q=1,ru;;q=', 'ru'],
    ['ru', 'en', 'ru'],
    ['RU', 'en', 'ru'],
    ['xx', 'ru', 'ru'],
  ];
  for (const [lang, header, language] of chosen) {
    it(`is ${language} for ?lang=${lang ?? ''} and "${header ?? ''}"`, () => {
      expect(chooseLanguage(lang, header)).to.equal(language);
    });
  }
});

describe('Markup', () => {
  it('escapes what it is given, but not what it made itself', () => {
    const inner = html`<b>${'<i>'}</b>`;
    expect(html`<p title="${`"'&`}">${inner}${[inner]}</p>`.markup).to.equal(
      '<p title="&quot;&#39;&amp;"><b>&lt;i&gt;</b><b>&lt;i&gt;</b></p>',
    );
  });
});

describe('The style of the offer', () => {
  it('writes white on dark colours and black on light ones', () => {
    expect(offerStyle('#0b6e4f').css).to.include('--on:#fff');
    expect(offerStyle('#ffd400').css).to.include('--on:#111');
  });
});
