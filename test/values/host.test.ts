import { expect } from 'chai';
import { findAddressKey, ipv4Number } from '../../src/values/address.ts';
import { findHost } from '../../src/values/host.ts';

describe('A host', () => {
  const spelled: [string, string | undefined][] = [
    ['shop.example', 'shop.example'],
    ['SHOP.Example', 'shop.example'],
    ['shop.example.', 'shop.example'],
    ['shop.example:80', 'shop.example'],
    ['shop.example.:80', 'shop.example'],
    ['shop.example:', 'shop.example'],
    ['shop.example:080', 'shop.example'],
    ['shop.example:8080', 'shop.example:8080'],
    ['shop_1.example', 'shop_1.example'],
    ['магазин.рф', 'xn--80aairftm.xn--p1ai'],
    ['МАГАЗИН.РФ', 'xn--80aairftm.xn--p1ai'],
    ['10.0.0.1:80', '10.0.0.1'],
    ['[2001:db8::1]:80', '[2001:db8::1]'],
    ['', undefined],
    ['.', undefined],
    ['a..b', undefined],
    ['me@shop.example', undefined],
    ['shop.example:99999', undefined],
    ['shop.example:8a', undefined],
    ['shop.example/x', undefined],
    ['shop example', undefined],
  ];
  for (const [text, host] of spelled) {
    it(`"${text}" is ${host ?? 'no host'}`, () => expect(findHost(text)).to.equal(host));
  }
});

describe('An address key', () => {
  const spelled: [string, string | undefined][] = [
    ['10.0.0.1', 'v4 10.0.0.1'],
    ['::ffff:10.0.0.1', 'v4 10.0.0.1'],
    ['::ffff:a00:1', 'v4 10.0.0.1'],
    ['2001:db8::1', 'v6 2001:db8:0:0'],
    ['2001:DB8:0:1:2:3:4:5', 'v6 2001:db8:0:1'],
    ['fe80::1%eth0', 'v6 fe80:0:0:0'],
    ['::', 'v6 0:0:0:0'],
    ['64:ff9b::10.0.0.1', 'v6 64:ff9b:0:0'],
    ['10.0.0.01', undefined],
    ['10.0.0', undefined],
    ['anna', undefined],
    ['2001:db8::1::2', undefined],
  ];
  for (const [text, key] of spelled) {
    it(`"${text}" is ${key ?? 'no address'}`, () => {
      const found = findAddressKey(text);
      expect(found === undefined ? undefined : `${found.kind} ${found.key}`).to.equal(key);
    });
  }

  it('of IPv4 is a number without sign', () => {
    expect(ipv4Number('255.255.255.255')).to.equal(0xffff_ffff);
    expect(ipv4Number('10.0.0.1')).to.equal(0x0a00_0001);
  });
});
