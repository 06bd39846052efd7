import { createHash } from 'node:crypto';

/** The page's style sheet and the Content-Security-Policy that allows exactly it and nothing else. */
export interface OfferStyle {
  readonly css: string;
  readonly policy: string;
}

/** `colour` is `#rrggbb`; text on it is black or white, whichever reads better. */
export function offerStyle(colour: string): OfferStyle {
  const css = sheet(colour, readableOn(colour));
  const hash = createHash('sha256').update(css).digest('base64');
  // No form-action: browsers apply it to the redirect that follows the form, and shops redirect on to other hosts.
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; frame-ancestors 'none'`;
  return { css, policy };
}

/** WCAG 2 relative luminance against the contrast of white and of black. */
function readableOn(colour: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#111' : '#fff';
}

const sheet = (colour: string, onColour: string) => `
:root{--main:${colour};--on:${onColour};--page:#f2f4f3;--card:#fff;--text:#1b2420;--soft:#56635d;--line:#dde3e0}
@media(prefers-color-scheme:dark){:root{--page:#121614;--card:#1d2320;--text:#eef3f0;--soft:#a5b2ab;--line:#343d39}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--page);color:var(--text);font:17px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{background:var(--main);color:var(--on);padding:20px 20px 76px}
.bar{max-width:520px;margin:0 auto;display:flex;justify-content:space-between;align-items:center;gap:16px}
.brand{font-weight:700;letter-spacing:.01em}
.lang a,.lang b{color:inherit;padding:10px 6px;font-size:15px}
.lang a{opacity:.85}
main{max-width:520px;margin:-56px auto 0;padding:0 16px 32px}
.card{background:var(--card);border-radius:18px;padding:26px 22px;box-shadow:0 6px 28px rgba(0,0,0,.1)}
h1{font-size:27px;line-height:1.22;margin:0 0 12px;text-wrap:balance;overflow-wrap:anywhere}
p{margin:0 0 16px}
ol{list-style:none;margin:22px 0;padding:0;counter-reset:step}
li{counter-increment:step;position:relative;padding:3px 0 13px 46px}
li:before{content:counter(step);position:absolute;left:0;top:0;width:32px;height:32px;border-radius:50%;background:var(--main);color:var(--on);font-weight:700;text-align:center;line-height:32px}
button,.button{display:block;width:100%;min-height:52px;margin:0 0 12px;padding:13px 10px;border-radius:13px;border:1px solid var(--line);background:none;color:var(--text);font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}
.first{background:var(--main);border-color:var(--main);color:var(--on)}
.pair{display:flex;gap:12px}
button:focus-visible,a:focus-visible{outline:3px solid var(--text);outline-offset:2px}
.soft{color:var(--soft);font-size:15px;margin:6px 2px 0;overflow-wrap:anywhere}
.soft a{color:inherit}
`;
