import type { RedirectRequest } from '../../../src/channels/redirect/decision.ts';
import type { ConformanceCase } from './conformance-cases.ts';
import { HTTP_GET, reqmod, type RequestParts } from './icap-client.ts';

const group = 'REQMOD';
const POST = 'POST http://other.example/form HTTP/1.1\r\nHost: other.example\r\nContent-Length: 5\r\n\r\n';
const BODY = '5\r\nhello\r\n0\r\n\r\n';
const http = (target: string, ...lines: string[]) =>
  [`GET ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n');

const passes: [string, RequestParts, string][] = [
  ['204 when the client allows it', {}, 'pass_not_partner'],
  ['204 when it is one of a list', { allow204: false, icap: ['Allow: 204, trailers'] }, 'pass_not_partner'],
  [
    '204 when the list is in another order',
    { allow204: false, icap: ['Allow: trailers,204'] },
    'pass_not_partner',
  ],
  ['204 when it stands in a second Allow line', { icap: ['Allow: trailers'] }, 'pass_not_partner'],
  ['204 after the body', { http: POST, body: BODY }, 'pass_not_partner'],
  [
    '204 within a preview that was cut',
    { http: POST, body: '0\r\n\r\n', icap: ['Preview: 0'] },
    'pass_not_partner',
  ],
  [
    '204 within a preview without Allow',
    { http: POST, body: '3\r\nhel\r\n0\r\n\r\n', allow204: false, icap: ['Preview: 3'] },
    'pass_not_partner',
  ],
  [
    '204 to a whole body in the preview',
    { http: POST, body: '5\r\nhello\r\n0; ieof\r\n\r\n', icap: ['Preview: 1024'] },
    'pass_not_partner',
  ],
  ['204 to Preview: 0 with null-body (squid)', { icap: ['Preview: 0'] }, 'pass_not_partner'],
  ['204 to an empty body', { http: POST, body: '0\r\n\r\n' }, 'pass_not_partner'],
  [
    '204 to HTTP/1.0 without Host (c-icap-client)',
    { http: 'GET http://other.example/ HTTP/1.0\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n' },
    'pass_not_partner',
  ],
  [
    '204 when the request line is no HTTP',
    { http: 'HELO mail.example\r\nHost: x\r\n\r\n' },
    'pass_malformed',
  ],
  ['204 when there is no Host', { http: http('/') }, 'pass_malformed'],
  [
    '204 when there are two Hosts',
    { http: http('/', 'Host: shop.example', 'Host: other.example') },
    'pass_malformed',
  ],
  ['204 when the Host is no host', { http: http('/', 'Host: a b') }, 'pass_malformed'],
  ['204 when a header is folded', { http: http('/', 'Host: shop.example', ' x: y') }, 'pass_malformed'],
  [
    '204 when the absolute URI has a user part',
    { http: http('http://shop.example@evil.example/') },
    'pass_malformed',
  ],
];

const targets: [string, string, Partial<RedirectRequest>][] = [
  [
    'an absolute URI',
    http('http://other.example/a?b=c'),
    { url: 'http://other.example/a?b=c', host: 'other.example' },
  ],
  [
    'origin form with Host',
    http('/a?b', 'Host: other.example'),
    { url: 'http://other.example/a?b', host: 'other.example' },
  ],
  ['the absolute URI rather than Host', http('http://a.example/', 'Host: b.example'), { host: 'a.example' }],
  ['a host in capitals', http('http://OTHER.Example/'), { host: 'other.example' }],
  ['a trailing dot', http('http://other.example./'), { host: 'other.example' }],
  ['port 80', http('/', 'Host: other.example:80'), { host: 'other.example' }],
  ['another port', http('/', 'Host: shop.example:8080'), { host: 'shop.example:8080' }],
  [
    'an international name in UTF-8',
    http('/', `Host: ${Buffer.from('магазин.рф').toString('latin1')}`),
    { host: 'xn--80aairftm.xn--p1ai' },
  ],
  ['an IPv6 literal', http('http://[2001:db8::1]:80/'), { host: '[2001:db8::1]' }],
  ['Host in any capitals', http('/', 'hOsT:other.example'), { host: 'other.example' }],
  [
    'CONNECT',
    'CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example\r\n\r\n',
    { method: 'CONNECT', host: '' },
  ],
  ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: shop.example\r\n\r\n', { method: 'OPTIONS', host: '' }],
  ['an https URI', http('https://other.example/'), { url: 'https://other.example/' }],
];

const identities: [string, string[], string | undefined][] = [
  ['the client address', ['X-Client-IP: 10.0.0.1'], '10.0.0.1'],
  ['the header of higher precedence', ['X-Client-IP: 10.0.0.1', 'X-Subscriber-ID: ivan'], 'ivan'],
  ['the name in any capitals', ['x-client-ip:10.0.0.1'], '10.0.0.1'],
  ['one value said twice', ['X-Client-IP: 10.0.0.1', 'X-Client-IP: 10.0.0.1'], '10.0.0.1'],
  ['nobody when two values disagree', ['X-Client-IP: 10.0.0.1', 'X-Client-IP: 10.0.0.2'], undefined],
  ['nobody when one header holds a list', ['X-Client-IP: 10.0.0.1, 10.0.0.2'], undefined],
  ['the next header when one is empty', ['X-Subscriber-ID:', 'X-Client-IP: 10.0.0.1'], '10.0.0.1'],
  ['nobody without a header', [], undefined],
  ['nobody by a header that is not configured', ['X-Forwarded-For: 10.0.0.1'], undefined],
];

export const reqmodCases: readonly ConformanceCase[] = [
  ...passes.map(([it, parts, event]) => ({
    group,
    it: `answers ${it}`,
    send: reqmod(parts),
    statuses: [204],
    event,
    contains: ['Encapsulated: null-body=0\r\n\r\n', 'ISTag: "'],
  })),
  ...targets.map(([it, section, asked]) => ({
    group,
    it: `understands ${it}`,
    send: reqmod({ http: section }),
    statuses: [204],
    asked,
  })),
  ...identities.map(([it, icap, identity]) => ({
    group,
    it: `takes as identity ${it}`,
    send: reqmod({ icap }),
    statuses: [204],
    asked: { identity },
  })),
  {
    group,
    it: 'never believes an identity inside the HTTP request',
    send: reqmod({ http: http('/', 'Host: other.example', 'X-Client-IP: 10.0.0.1') }),
    statuses: [204],
    asked: { identity: undefined },
  },
  {
    group,
    it: 'passes a request without HTTP header',
    send: 'REQMOD icap://h/reqmod ICAP/1.0\r\nHost: h\r\nAllow: 204\r\nEncapsulated: null-body=0\r\n\r\n',
    statuses: [204],
    asked: null,
  },
  {
    group,
    it: 'sends the request back unchanged when 204 is not allowed',
    send: reqmod({ allow204: false }),
    statuses: [200],
    contains: [`Encapsulated: req-hdr=0, null-body=${HTTP_GET.length}\r\n\r\n${HTTP_GET}`],
  },
  {
    group,
    it: 'sends a body back unchanged, extensions and trailers included',
    send: reqmod({ http: POST, body: '5;x=1\r\nhello\r\n0\r\nX-Sum: 9\r\n\r\n', allow204: false }),
    statuses: [200],
    contains: [`req-body=${POST.length}\r\n\r\n${POST}5;x=1\r\nhello\r\n0\r\nX-Sum: 9\r\n\r\n`],
  },
  {
    group,
    it: 'sends a request back without HTTP header',
    send: 'REQMOD icap://h/reqmod ICAP/1.0\r\nHost: h\r\nEncapsulated: req-body=0\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    statuses: [200],
    contains: ['Encapsulated: req-body=0\r\n\r\n1\r\nx\r\n0\r\n\r\n'],
  },
  {
    group,
    it: 'does not take null-body with Preview for a preview when 204 is not allowed',
    send: reqmod({ allow204: false, icap: ['Preview: 0'] }),
    statuses: [200],
  },
  {
    group,
    it: 'reads the next request behind a body',
    send:
      reqmod({ http: POST, body: BODY }) +
      reqmod() +
      reqmod({ http: POST, body: BODY, allow204: false }) +
      reqmod(),
    statuses: [204, 204, 200, 204],
  },
  {
    group,
    it: 'reads the next request behind a preview',
    send: reqmod({ http: POST, body: '0\r\n\r\n', icap: ['Preview: 0'] }) + reqmod(),
    statuses: [204, 204],
    lacks: ['100 Continue'],
  },
  {
    group,
    it: 'answers 404 to an unknown service and stays in step',
    send: reqmod({ service: 'other', http: POST, body: BODY }) + reqmod(),
    statuses: [404, 204],
  },
  {
    group,
    it: 'closes when asked to',
    send: reqmod({ icap: ['Connection: close'] }) + reqmod(),
    statuses: [204],
    contains: ['Connection: close\r\n'],
  },
  {
    group,
    it: 'closes when asked to in a list',
    send: reqmod({ icap: ['Connection: TE, Close'] }) + reqmod(),
    statuses: [204],
  },
];
