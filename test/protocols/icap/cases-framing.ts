import type { ConformanceCase } from './conformance-cases.ts';
import { HTTP_GET, reqmod } from './icap-client.ts';

const group = 'framing';
const POST = 'POST http://other.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n';
const N = HTTP_GET.length;

/** A REQMOD with this Encapsulated line (or lines), followed by these octets. */
const encapsulated = (value: string | undefined, rest = HTTP_GET) =>
  [
    'REQMOD icap://h/reqmod ICAP/1.0',
    'Host: h',
    'Allow: 204',
    ...(value === undefined ? [] : [`Encapsulated: ${value}`]),
    '',
    rest,
  ].join('\r\n');

const badEncapsulated: [string, string | undefined][] = [
  ['none', undefined],
  ['an empty value', ''],
  ['no body part', 'req-hdr=0'],
  ['the body first', `null-body=${N}, req-hdr=0`],
  ['a header not at 0', `req-hdr=1, null-body=${N}`],
  ['an empty header section', 'req-hdr=0, null-body=0'],
  ['a null-body not at 0', `null-body=${N}`],
  ['a negative offset', 'req-hdr=0, null-body=-1'],
  ['a signed offset', `req-hdr=0, null-body=+${N}`],
  ['a hexadecimal offset', 'req-hdr=0, null-body=0x3a'],
  ['a leading zero', `req-hdr=0, null-body=0${N}`],
  ['a fraction', `req-hdr=0, null-body=${N}.0`],
  ['an offset of 17 digits', 'req-hdr=0, null-body=10000000000000058'],
  ['a response header', `req-hdr=0, res-hdr=${N}, null-body=${N}`],
  ['a response body', `req-hdr=0, res-body=${N}`],
  ['an OPTIONS body', `req-hdr=0, opt-body=${N}`],
  ['two headers', `req-hdr=0, req-hdr=0, null-body=${N}`],
  ['an unknown part', `req-hdr=0, x-body=${N}`],
  ['capitals', `REQ-HDR=0, NULL-BODY=${N}`],
  ['a space at the sign', `req-hdr = 0, null-body=${N}`],
  ['a semicolon', `req-hdr=0; null-body=${N}`],
  ['an empty part', `req-hdr=0,, null-body=${N}`],
  ['a trailing comma', `req-hdr=0, null-body=${N},`],
  ['two lines', `req-hdr=0, null-body=${N}\r\nEncapsulated: req-hdr=0, null-body=${N}`],
];

const badSections: [string, string][] = [
  ['ends before the offset', encapsulated(`req-hdr=0, null-body=${N + 4}`, `${HTTP_GET}abcd`)],
  ['ends behind the offset', encapsulated(`req-hdr=0, null-body=${N - 2}`)],
  ['ends twice', encapsulated(`req-hdr=0, null-body=${N * 2}`, HTTP_GET + HTTP_GET)],
  [
    'ends in bare line feeds',
    encapsulated(`req-hdr=0, null-body=${N - 4}`, HTTP_GET.replaceAll('\r\n', '\n')),
  ],
];

const badChunks: [string, string, string][] = [
  ['no size', '\r\nhello\r\n0\r\n\r\n', 'chunk_line'],
  ['a negative size', '-5\r\nhello\r\n0\r\n\r\n', 'chunk_line'],
  ['a signed size', '+5\r\nhello\r\n0\r\n\r\n', 'chunk_line'],
  ['0x before the size', '0x5\r\nhello\r\n0\r\n\r\n', 'chunk_line'],
  ['a letter in the size', '5q\r\nhello\r\n0\r\n\r\n', 'chunk_line'],
  ['nine digits', '000000005\r\nhello\r\n0\r\n\r\n', 'chunk_line'],
  ['17 digits', '10000000000000005\r\nhello\r\n0\r\n\r\n', 'chunk_line'],
  ['a space before the size', ' 5\r\nhello\r\n0\r\n\r\n', 'chunk_line'],
  ['a control character in an extension', '5;\x01\r\nhello\r\n0\r\n\r\n', 'chunk_line'],
  ['a bare line feed behind the size', '5\nhello\r\n0\r\n\r\n', 'bare_line_feed'],
  ['data longer than said', '4\r\nhello\r\n0\r\n\r\n', 'chunk_end'],
  ['data shorter than said', '6\r\nhello\r\n0\r\n\r\n', 'bare_line_feed'],
  ['no CRLF behind the data', '5\r\nhello0\r\n\r\n', 'chunk_end'],
  ['ieof without a preview', '5\r\nhello\r\n0; ieof\r\n\r\n', 'chunk_line'],
  ['ieof with a size', '5; ieof\r\nhello\r\n0\r\n\r\n', 'chunk_line'],
  ['a trailer without colon', '0\r\nnothing\r\n\r\n', 'trailer'],
  ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n', 'trailer'],
];

const goodChunks: [string, string, string[]][] = [
  ['capital hexadecimal digits', `A\r\n0123456789\r\n0\r\n\r\n`, []],
  ['eight digits', '00000005\r\nhello\r\n00000000\r\n\r\n', []],
  ['white space behind the size', '5  \r\nhello\r\n0\t\r\n\r\n', []],
  ['extensions', '5;a=b;c="d"\r\nhello\r\n0;last\r\n\r\n', []],
  ['trailers', '0\r\nX-A: 1\r\nX-B: 2\r\n\r\n', []],
  ['data that looks like an end', '9\r\n0\r\n\r\n0\r\n\r\r\n0\r\n\r\n', []],
  ['0;ieof without a space', '1\r\nx\r\n0;ieof\r\n\r\n', ['Preview: 1']],
  ['0; IEOF in capitals', '1\r\nx\r\n0; IEOF\r\n\r\n', ['Preview: 10']],
  ['several chunks in a preview', '1\r\nx\r\n1\r\ny\r\n0\r\n\r\n', ['Preview: 2']],
];

const badPreviews: [string, string, string][] = [
  ['a negative preview', '-1', 'preview'],
  ['a preview that is no number', 'many', 'preview'],
  ['a preview of nine digits', '000000001', 'preview'],
  ['two previews', '0\r\nPreview: 0', 'preview'],
  ['more octets than the preview', '4', 'preview_exceeded'],
];

const refused = (it: string, send: string, event: string): ConformanceCase => ({
  group,
  it: `refuses ${it} and reads no further`,
  send: send + reqmod(),
  statuses: [400],
  event: `parse:${event}`,
  contains: ['Connection: close\r\n'],
});

export const framingCases: readonly ConformanceCase[] = [
  ...badEncapsulated.map(([it, value]) => ({
    ...refused(`Encapsulated with ${it}`, encapsulated(value), 'encapsulated'),
    asked: null,
  })),
  ...badSections.map(([it, send]) => refused(`an HTTP header section that ${it}`, send, 'http_header_end')),
  ...badChunks.map(([it, body, event]) => refused(`a body with ${it}`, reqmod({ http: POST, body }), event)),
  ...badPreviews.map(([it, value, event]) =>
    refused(it, reqmod({ http: POST, icap: [`Preview: ${value}`], body: '5\r\nhello\r\n0\r\n\r\n' }), event),
  ),
  ...goodChunks.map(([it, body, icap]) => ({
    group,
    it: `accepts ${it}`,
    send: reqmod({ http: POST, body, icap }) + reqmod(),
    statuses: [204, 204],
  })),
];
