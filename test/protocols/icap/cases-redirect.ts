import type { ConformanceCase } from './conformance-cases.ts';
import { reqmod, SHOP_GET } from './icap-client.ts';

const group = 'redirect';
const LOCATION = 'http://offer.example/?t=10.0.0.1';
const HTTP = `HTTP/1.1 302 Found\r\nLocation: ${LOCATION}\r\nCache-Control: no-store\r\nContent-Length: 0\r\n\r\n`;
const icap = ['X-Client-IP: 10.0.0.1'];

const carries: [string, string][] = [
  ['is an ICAP 200', 'ICAP/1.0 200 OK\r\n'],
  ['carries 302 with the whole HTTP header and nothing behind it', `\r\n\r\n${HTTP}`],
  ['says where the missing body would be', `Encapsulated: res-hdr=0, null-body=${HTTP.length}\r\n`],
  ['must not be stored', 'Cache-Control: no-store\r\n'],
  ['carries the ISTag', 'ISTag: "'],
];

export const redirectCases: readonly ConformanceCase[] = [
  ...carries.map(([it, text]) => ({
    group,
    it,
    send: reqmod({ http: SHOP_GET, icap }),
    statuses: [200],
    contains: [text],
    event: 'redirect',
  })),
  {
    group,
    it: 'is the answer without Allow: 204 as well',
    send: reqmod({ http: SHOP_GET, icap, allow204: false }),
    statuses: [200],
    contains: [HTTP],
  },
  {
    group,
    it: 'comes after a preview, without asking for the rest',
    send: reqmod({ http: SHOP_GET, icap: [...icap, 'Preview: 0'], body: '0\r\n\r\n' }) + reqmod(),
    statuses: [200, 204],
    contains: [HTTP],
    lacks: ['100 Continue'],
  },
  {
    group,
    it: 'comes after a body nobody needed',
    send: reqmod({ http: SHOP_GET, icap, body: '3\r\nabc\r\n0\r\n\r\n' }) + reqmod(),
    statuses: [200, 204],
    contains: [HTTP],
    lacks: ['abc'],
  },
  {
    group,
    it: 'percent-encodes whatever the decision put into the location',
    send: reqmod({ http: SHOP_GET, icap: ['X-Client-IP: \xc3\xa9"'] }),
    statuses: [200],
    contains: ['Location: http://offer.example/?t=%C3%83%C2%A9"\r\n'],
  },
  {
    group,
    it: 'closes the connection when asked to',
    send: reqmod({ http: SHOP_GET, icap: [...icap, 'Connection: close'] }) + reqmod(),
    statuses: [200],
    contains: ['Connection: close\r\n', HTTP],
  },
];
