import type { ShopItem, ShopSite } from './sites.ts';

/** The only page of a shop: its goods, each with a button to buy it. */
export function shopPage(site: ShopSite): string {
  const items = site.items.map(
    (item) => `<li><form method="post" action="/buy"><h2>${escape(item.name)}</h2><p>${price(item)}</p>
<input type="hidden" name="item" value="${escape(item.id)}">
<label>Your phone number <input name="msisdn" inputmode="tel" required placeholder="79160000001"></label>
<button>Buy</button></form></li>`,
  );
  return page(site, `<p>Welcome to ${escape(site.name)}.</p><ul>${items.join('')}</ul>`);
}

/** After a purchase: what was bought, and what the bonus programme said. */
export function thanksPage(
  site: ShopSite,
  item: ShopItem,
  purchase: {
    readonly event: { readonly id: string };
    readonly gatewayStatus: number | undefined;
    readonly gatewayAnswer: string;
  },
): string {
  const told =
    purchase.gatewayStatus === undefined
      ? 'The bonus programme could not be reached.'
      : `The bonus programme answered ${purchase.gatewayStatus}: ${purchase.gatewayAnswer}`;
  return page(
    site,
    `<p>Thank you for buying “${escape(item.name)}” for ${price(item)}.</p><p>Order ${escape(purchase.event.id)}</p>
<p><small>${escape(told)}</small></p><p><a href="/">Back to the shop</a></p>`,
  );
}

function page(site: ShopSite, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escape(site.name)}</title><style>
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#222;background:#faf8f5}
header{background:${site.colour};color:#fff;padding:20px}header h1{margin:0;font-size:24px}
main{padding:16px;max-width:560px;margin:auto}ul{list-style:none;padding:0}
li{background:#fff;border-radius:12px;padding:16px;margin:0 0 14px;box-shadow:0 2px 10px rgba(0,0,0,.08)}
h2{font-size:18px;margin:0}p{margin:4px 0 10px}label{display:block;font-size:14px;color:#555}
input{width:100%;box-sizing:border-box;font:inherit;padding:10px;border:1px solid #ccc;border-radius:8px;margin:4px 0 10px}
button{font:inherit;font-weight:600;background:${site.colour};color:#fff;border:0;border-radius:8px;padding:12px 20px}
</style></head><body><header><h1>${escape(site.name)}</h1></header><main>${content}</main></body></html>`;
}

function price({ priceMinor }: ShopItem): string {
  const padded = priceMinor.padStart(3, '0');
  return `${padded.slice(0, -2)}.${padded.slice(-2)} ₽`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
