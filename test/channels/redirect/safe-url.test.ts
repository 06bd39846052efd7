import { expect } from 'chai';
import fc from 'fast-check';
import { hasMarker, safeUrl, withMarker } from '../../../src/channels/redirect/safe-url.ts';

describe('A URL for a Location header', () => {
  const encoded: [string, string][] = [
    ['http://a.example/?q=1&r=%20', 'http://a.example/?q=1&r=%20'],
    ['http://a.example/a b', 'http://a.example/a%20b'],
    ['http://a.example/\r\nSet-Cookie: x', 'http://a.example/%0D%0ASet-Cookie:%20x'],
    ['http://a.example/100%', 'http://a.example/100%25'],
    ['http://a.example/%zz', 'http://a.example/%25zz'],
    ['http://a.example/\xd1\x8f', 'http://a.example/%D1%8F'],
    ['http://a.example/я', 'http://a.example/%D1%8F'],
    ['http://a.example/"<>\\^`{|}', 'http://a.example/%22%3C%3E%5C%5E%60%7B%7C%7D'],
  ];
  for (const [raw, safe] of encoded) {
    it(`is ${safe}`, () => expect(safeUrl(raw)).to.equal(safe));
  }

  it('has only characters of RFC 3986, and encoding it again changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const safe = safeUrl(text);
        expect(safe).to.match(/^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/);
        expect(safeUrl(safe)).to.equal(safe);
      }),
    );
  });

  const marked: [string, string][] = [
    ['http://a.example/', 'http://a.example/?m=1'],
    ['http://a.example/?a=b', 'http://a.example/?a=b&m=1'],
    ['http://a.example/?', 'http://a.example/?&m=1'],
    ['http://a.example/#top', 'http://a.example/?m=1#top'],
    ['http://a.example/?a=b#top?', 'http://a.example/?a=b&m=1#top?'],
  ];
  for (const [plain, result] of marked) {
    it(`carries the mark as ${result}`, () => {
      expect(hasMarker(plain, ['m'])).to.be.false;
      expect(withMarker(plain, 'm')).to.equal(result);
      expect(hasMarker(result, ['x', 'm'])).to.be.true;
    });
  }
});
