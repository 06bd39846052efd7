import type { ConformanceCase } from './conformance-cases.ts';
import { OPTIONS, reqmod } from './icap-client.ts';

const group = 'OPTIONS';
const options = (uri: string, ...lines: string[]) =>
  [`OPTIONS ${uri} ICAP/1.0`, 'Host: 127.0.0.1', ...lines, '', ''].join('\r\n');
const URI = 'icap://127.0.0.1/reqmod';

const fields: [string, string][] = [
  ['lists REQMOD as the only method', 'Methods: REQMOD\r\n'],
  ['advertises the enforced connection limit', 'Max-Connections: 17\r\n'],
  ['advertises 204', 'Allow: 204\r\n'],
  ['advertises an empty preview', 'Preview: 0\r\n'],
  ['wants a preview of everything', 'Transfer-Preview: *\r\n'],
  ['says how long the answer is good for', 'Options-TTL: 3600\r\n'],
  ['asks for the identity headers', 'X-Include: X-Subscriber-ID, X-Client-IP\r\n'],
  ['has no body', 'Encapsulated: null-body=0\r\n'],
  ['names the service', 'Service: bonusgate\r\n'],
  ['quotes the ISTag', 'ISTag: "'],
];

const accepted: [string, string][] = [
  ['without port in URI and Host', options(URI)],
  ['with a port', options('icap://127.0.0.1:1344/reqmod', 'Allow: trailers')],
  ['with a query', options(`${URI}?profile=1`)],
  ['with a trailing slash', options(`${URI}/`)],
  ['with the scheme in capitals', options('ICAP://127.0.0.1/reqmod')],
  ['with the icaps scheme', options('icaps://127.0.0.1/reqmod')],
  ['with an IPv6 literal', options('icap://[::1]:1344/reqmod')],
  ['of the second service', options('icap://127.0.0.1/bonus/shop')],
  ['with null-body', options(URI, 'Encapsulated: null-body=0')],
  ['with an opt-body', `${options(URI, 'Encapsulated: opt-body=0')}3\r\nabc\r\n0\r\n\r\n`],
  ['with an absent body and unknown headers', options(URI, 'X-Vendor: a, b', 'Date: now')],
];

const refused: [string, string, number, string][] = [
  ['an unknown service', options('icap://127.0.0.1/respmod'), 404, 'error_404'],
  ['no service at all', options('icap://127.0.0.1'), 404, 'error_404'],
  ['the root service', options('icap://127.0.0.1/'), 404, 'error_404'],
  ['a service in other capitals', options('icap://127.0.0.1/REQMOD'), 404, 'error_404'],
  ['an HTTP URI', options('http://127.0.0.1/reqmod'), 400, 'parse:uri'],
  ['a bare path', options('/reqmod'), 400, 'parse:uri'],
  ['an asterisk', options('*'), 400, 'parse:uri'],
  ['a user part in the URI', options('icap://me@127.0.0.1/reqmod'), 400, 'parse:uri'],
  ['a fragment in the URI', options('icap://127.0.0.1/reqmod#x'), 400, 'parse:uri'],
  ['a body that REQMOD has', options(URI, 'Encapsulated: req-body=0'), 400, 'parse:encapsulated'],
  ['a body at an offset', options(URI, 'Encapsulated: opt-body=4'), 400, 'parse:encapsulated'],
];

export const optionsCases: readonly ConformanceCase[] = [
  ...fields.map(([it, line]) => ({
    group,
    it,
    send: OPTIONS,
    statuses: [200],
    contains: [line],
    asked: null,
  })),
  ...accepted.map(([it, send]) => ({
    group,
    it: `is answered ${it}`,
    send,
    statuses: [200],
    event: 'options',
  })),
  ...refused.map(([it, send, status, event]) => ({
    group,
    it: `refuses ${it}`,
    send,
    statuses: [status],
    event,
    asked: null,
  })),
  {
    group,
    it: 'keeps the connection, and REQMOD follows on it',
    send: OPTIONS + reqmod() + OPTIONS,
    statuses: [200, 204, 200],
  },
  {
    group,
    it: 'closes when asked to, and says so',
    send: options(URI, 'Connection: close') + OPTIONS,
    statuses: [200],
    contains: ['Connection: close\r\n'],
  },
  {
    group,
    it: 'keeps the connection after a 404',
    send: options('icap://127.0.0.1/nothing') + OPTIONS,
    statuses: [404, 200],
  },
];
