import { expect } from 'chai';
import { Headers } from '../../../protocols/icap/headers.ts';
import { createClientList, findIdentity } from '../../../protocols/icap/identity.ts';
import type { IdentityHeader } from '../../../src/runtime/config/icap.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const of = (encoding: IdentityHeader['encoding']): IdentityHeader[] => [
  { header: 'X-Authenticated-User', encoding },
  { header: 'X-Client-IP', encoding: 'plain' },
];

describe('The identity of a request', () => {
  const decoded: [IdentityHeader['encoding'], string, string | undefined][] = [
    ['plain', 'anna', 'anna'],
    ['plain', 'anna maria', undefined],
    ['plain', 'anna,boris', undefined],
    ['plain', 'a'.repeat(257), undefined],
    ['base64', base64('anna'), 'anna'],
    ['base64', base64('анна'), 'анна'],
    ['base64', base64('anna').replace(/=+$/, ''), 'anna'],
    ['base64', 'not*base64', undefined],
    ['base64', Buffer.from([0xff, 0xfe]).toString('base64'), undefined],
    ['base64', base64('a\nb'), undefined],
    ['base64-uri', base64('WinNT://DOMAIN/anna'), 'anna'],
    ['base64-uri', base64('Local://anna'), 'anna'],
    ['base64-uri', base64('LDAP://dc/ou/anna'), 'anna'],
    ['base64-uri', base64('anna'), undefined],
    ['base64-uri', base64('WinNT://DOMAIN/'), undefined],
  ];
  for (const [encoding, value, identity] of decoded) {
    it(`of ${encoding} "${value.slice(0, 30)}" is ${identity ?? 'nobody'}`, () => {
      // The address of lower precedence must not step in for a login that is there but wrong.
      const headers = new Headers([
        ['x-authenticated-user', value],
        ['x-client-ip', '10.0.0.1'],
      ]);
      expect(findIdentity(headers, of(encoding))).to.equal(identity);
    });
  }

  it('falls to the next header when the first one is not there', () => {
    expect(findIdentity(new Headers([['x-client-ip', '10.0.0.1']]), of('base64'))).to.equal('10.0.0.1');
  });
});

describe('The list of trusted clients', () => {
  const trusts = createClientList(['127.0.0.0/8', '10.1.2.3', '2001:db8::/32', '::1']);
  const clients: [string | undefined, boolean][] = [
    ['127.9.9.9', true],
    ['10.1.2.3', true],
    ['10.1.2.4', false],
    ['::ffff:10.1.2.3', true],
    ['::ffff:10.1.2.4', false],
    ['2001:db8:1::1', true],
    ['2001:db9::1', false],
    ['::1', true],
    [undefined, false],
  ];
  for (const [address, trusted] of clients) {
    it(`${trusted ? 'has' : 'has not'} ${address ?? 'an unknown address'}`, () => {
      expect(trusts(address)).to.equal(trusted);
    });
  }
});
