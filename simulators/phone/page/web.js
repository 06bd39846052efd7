import { byId, make } from './dom.js';

const HOST = /^https?:\/\/([^/?]+)/;

/** The browser: pages come through the DPI, the line under the address tells what it did. */
export function webApp(phone) {
  const field = byId('url');
  const page = byId('web-page');
  let hops = [];

  const go = (text) => {
    const url = /^https?:\/\//.test(text) ? text : `http://${text}`;
    const [, scheme = '', host = '', rest = ''] = /^(https?):\/\/([^/?]+)(.*)$/.exec(url) ?? [];
    if (host === '') return field.focus();
    hops = [];
    verdict();
    byId('web-start').hidden = true;
    page.hidden = false;
    page.src = `/phone/web/${phone.subscriber.msisdn}/${scheme}/${encodeURIComponent(host)}${rest.startsWith('/') ? rest : `/${rest}`}`;
  };
  const verdict = () => {
    const last = hops.at(-1);
    const redirected = hops.find((hop) => hop.verdict === 'redirect');
    const line = byId('verdict');
    line.className = `verdict ${redirected === undefined ? (last?.verdict ?? '') : 'redirect'}`;
    line.textContent = last === undefined ? 'Loading…' : told(last, redirected);
  };
  byId('address').addEventListener('submit', (event) => {
    event.preventDefault();
    go(field.value.trim());
  });
  return {
    prepare: (text) => {
      field.value = text;
      field.focus();
    },
    open: () => {
      field.value = '';
      page.hidden = true;
      page.removeAttribute('src');
      byId('verdict').textContent = '';
      byId('verdict').className = 'verdict';
      const start = byId('web-start');
      start.hidden = false;
      start.replaceChildren(
        make('h3', {}, 'Shops near you'),
        ...phone.guide.shops.map((shop) =>
          shopButton(shop, () => {
            field.value = shop;
            go(shop);
          }),
        ),
      );
    },
    news: {
      web: (hop) => {
        // A page that a person went to begins a new story; what follows a redirect belongs to the same one.
        if (hops.at(-1)?.location === undefined) hops = [];
        hops.push(hop);
        if (hop.location === undefined) field.value = hop.url.replace(/\?.*/, '');
        verdict();
        phone.did(`web ${hop.method} ${hop.url} ${hop.verdict}`);
      },
    },
  };
}

function told(last, redirected) {
  if (last.verdict === 'failed') return 'No answer';
  if (redirected !== undefined)
    return last.verdict === 'pass' ? 'Answered: on to the shop' : 'Redirected to the offer by the DPI';
  if (last.verdict === 'bypass') return 'The gateway was silent: passed without asking';
  return last.verdict === 'direct' ? 'A page of the gateway' : 'Passed by the DPI';
}

function shopButton(shop, onclick) {
  const host = HOST.exec(shop)?.[1] ?? shop;
  return make(
    'button',
    { type: 'button', class: 'shop', onclick },
    make('span', { class: 'shop-icon', 'aria-hidden': 'true' }, host[0].toUpperCase()),
    make('span', {}, make('b', {}, host), make('small', {}, 'Shop')),
  );
}
