import type { ConformanceCase } from './conformance-cases.ts';
import { HTTP_GET, reqmod } from './icap-client.ts';

const group = 'hostile input';
const start = (line: string) => `${line}\r\nHost: h\r\nEncapsulated: null-body=0\r\n\r\n`;
const long = (bytes: number) => 'a'.repeat(bytes);

const startLines: [string, string, number, string][] = [
  ['an empty line first', '', 400, 'start_line'],
  ['an HTTP request', 'GET / HTTP/1.1', 400, 'start_line'],
  ['a missing version', 'REQMOD icap://h/reqmod', 400, 'start_line'],
  ['two spaces', 'REQMOD  icap://h/reqmod ICAP/1.0', 400, 'start_line'],
  ['a tab', 'REQMOD\ticap://h/reqmod ICAP/1.0', 400, 'start_line'],
  ['a trailing space', 'REQMOD icap://h/reqmod ICAP/1.0 ', 400, 'start_line'],
  ['a NUL', 'REQMOD icap://h/req\0mod ICAP/1.0', 400, 'start_line'],
  ['octets above 127', 'REQMOD icap://h/req\xffmod ICAP/1.0', 400, 'start_line'],
  ['a bracket as method', 'RE(MOD icap://h/reqmod ICAP/1.0', 400, 'start_line'],
  ['ICAP/1.1', 'REQMOD icap://h/reqmod ICAP/1.1', 505, 'version'],
  ['ICAP/2.0', 'OPTIONS icap://h/reqmod ICAP/2.0', 505, 'version'],
  ['icap/1.0 in small letters', 'REQMOD icap://h/reqmod icap/1.0', 400, 'start_line'],
  ['RESPMOD', 'RESPMOD icap://h/reqmod ICAP/1.0', 405, 'method'],
  ['an unknown method', 'LOGMOD icap://h/reqmod ICAP/1.0', 501, 'method'],
  ['a method in small letters', 'reqmod icap://h/reqmod ICAP/1.0', 501, 'method'],
  ['a URI with a bad port', 'REQMOD icap://h:x/reqmod ICAP/1.0', 400, 'uri'],
];

const headerLines: [string, string, string][] = [
  ['a line without colon', 'nothing', 'header'],
  ['an empty name', ': value', 'header'],
  ['a space before the colon', 'X-A : b', 'header'],
  ['a folded line', 'X-A: b\r\n c', 'header'],
  ['a NUL', 'X-A: \0', 'header'],
  ['a lone carriage return', 'X-A: b\rX-B: c', 'header'],
  ['a bare line feed', 'X-A: b\nX-B: c', 'bare_line_feed'],
  ['a second Host', 'Host: other', 'host'],
  ['a name with a bracket', 'X(A): b', 'header'],
];

const oversized: [string, string | string[], string][] = [
  ['a start line over 8 KiB', `REQMOD icap://h/${long(8_192)} ICAP/1.0\r\n`, 'start_line_too_long'],
  ['a start line that never ends', long(9_000), 'start_line_too_long'],
  [
    'a header line that never ends',
    `REQMOD icap://h/reqmod ICAP/1.0\r\nX: ${long(30_000)}`,
    'header_too_large',
  ],
  [
    'a header over 16 KiB',
    reqmod({ icap: [`X-A: ${long(9_000)}`, `X-B: ${long(9_000)}`] }),
    'header_too_large',
  ],
  [
    'more than 100 lines',
    reqmod({ icap: Array.from({ length: 100 }, (_, index) => `X-${index}: 1`) }),
    'header_too_large',
  ],
  [
    'an HTTP header over 64 KiB',
    reqmod({ http: `GET http://h/ HTTP/1.1\r\nX: ${long(65_536)}\r\n\r\n` }),
    'http_header_too_large',
  ],
  ['a chunk line over 1 KiB', reqmod({ body: `1;${long(1_100)}\r\nx\r\n0\r\n\r\n` }), 'chunk_line_too_long'],
  ['a chunk line that never ends', reqmod({ body: `1;${long(2_000)}` }), 'chunk_line_too_long'],
  [
    'trailers over 16 KiB',
    reqmod({ body: `0\r\nX-A: ${long(9_000)}\r\nX-B: ${long(9_000)}\r\n\r\n` }),
    'trailer',
  ],
  ['more than 100 trailers', reqmod({ body: `0\r\n${'X: 1\r\n'.repeat(101)}\r\n` }), 'trailer'],
];

export const hostileCases: readonly ConformanceCase[] = [
  ...startLines.map(([it, line, status, kind]) => ({
    group,
    it: `refuses ${it}`,
    send: start(line) + reqmod(),
    statuses: [status],
    event: `parse:${kind}`,
    asked: null,
    contains: ['Connection: close\r\n'],
  })),
  ...headerLines.map(([it, line, kind]) => ({
    group,
    it: `refuses a header with ${it}`,
    send: reqmod({ icap: [line] }) + reqmod(),
    statuses: [400],
    event: `parse:${kind}`,
    asked: null,
  })),
  ...oversized.map(([it, send, kind]) => ({
    group,
    it: `refuses ${it}`,
    send,
    statuses: [400],
    event: `parse:${kind}`,
  })),
  {
    group,
    it: 'refuses a request without Host',
    send: `REQMOD icap://h/reqmod ICAP/1.0\r\nEncapsulated: req-hdr=0, null-body=${HTTP_GET.length}\r\n\r\n${HTTP_GET}`,
    statuses: [400],
    event: 'parse:host',
  },
  {
    group,
    it: 'accepts exactly 100 lines',
    // Host, Allow and Encapsulated are three of them.
    send: reqmod({ icap: Array.from({ length: 97 }, (_, index) => `X-${index}: 1`) }),
    statuses: [204],
  },
  {
    group,
    it: 'accepts an HTTP header of exactly 64 KiB',
    send: reqmod({ http: `GET http://h/ HTTP/1.1\r\nX: ${long(65_536 - 31)}\r\n\r\n` }),
    statuses: [204],
  },
  { group, it: 'says nothing to a client that says nothing', send: '', statuses: [] },
  { group, it: 'says nothing to half a header and a farewell', send: 'REQMOD icap://h/req', statuses: [] },
  {
    group,
    it: 'answers what was whole before the garbage',
    send: `${reqmod()}\x16\x03\x01\r\n\r\n`,
    statuses: [204, 400],
  },
  {
    group,
    it: 'refuses a TLS greeting',
    send: [Buffer.from('16030100a5010000a10303\x0d\x0a', 'latin1'), '\r\n\r\n'],
    statuses: [400],
  },
];
