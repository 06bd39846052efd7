import { createHash } from 'node:crypto';
import type { IcapConfig } from '../../src/runtime/config/icap.ts';
import { ICAP_REASONS, type IcapErrorStatus } from './limits.ts';

/** Answers of one configuration, the constant ones ready to send. */
export interface IcapResponses {
  readonly istag: string;
  /** 204: the request is fine as it is. */
  unmodified(close: boolean): Buffer;
  options(close: boolean): Buffer;
  /** 200 with the HTTP header section unchanged; the body, if any, follows as it comes. */
  unchanged(httpHeader: Buffer, hasBody: boolean, close: boolean): Buffer;
  /** 200 that carries an HTTP 302 without body. */
  redirect(location: string, close: boolean): Buffer;
  error(status: IcapErrorStatus, close: boolean): Buffer;
}

/**
 * Builds the answers for `config`. The ISTag is a digest of everything a client may have learnt from us (RFC 3507
 * §4.7: at most 32 octets, quoted, new when the service changes); `policyTag` adds what the decision depends on.
 */
export function createResponses(config: IcapConfig, policyTag = ''): IcapResponses {
  const istag = createHash('sha256')
    .update(JSON.stringify(config))
    .update(policyTag)
    .digest('hex')
    .slice(0, 24);
  const head = (status: keyof typeof ICAP_REASONS, close: boolean, lines: readonly string[]) =>
    [
      `ICAP/1.0 ${status} ${ICAP_REASONS[status]}`,
      `ISTag: "${istag}"`,
      ...(close ? ['Connection: close'] : []),
      ...lines,
      '\r\n',
    ].join('\r\n');
  const both = (status: keyof typeof ICAP_REASONS, lines: readonly string[]) => {
    const kept = Buffer.from(head(status, false, lines), 'latin1');
    const closing = Buffer.from(head(status, true, lines), 'latin1');
    return (close: boolean) => (close ? closing : kept);
  };
  return {
    istag,
    unmodified: both(204, ['Encapsulated: null-body=0']),
    options: both(200, optionsLines(config)),
    unchanged: (httpHeader, hasBody, close) => {
      const body = `${hasBody ? 'req-body' : 'null-body'}=${httpHeader.length}`;
      const encapsulated = `Encapsulated: ${httpHeader.length > 0 ? 'req-hdr=0, ' : ''}${body}`;
      return Buffer.concat([Buffer.from(head(200, close, [encapsulated]), 'latin1'), httpHeader]);
    },
    redirect: (location, close) => {
      const http = `HTTP/1.1 302 Found\r\nLocation: ${visible(location)}\r\n${NO_STORE}\r\n\r\n`;
      return Buffer.from(
        head(200, close, [`Encapsulated: res-hdr=0, null-body=${http.length}`]) + http,
        'latin1',
      );
    },
    error: (status, close) => Buffer.from(head(status, close, ['Encapsulated: null-body=0']), 'latin1'),
  };
}

const NO_STORE = 'Cache-Control: no-store\r\nContent-Length: 0';

/** RFC 3507 §4.10.2. Preview 0: the decision needs no body, so a client should not send any. */
function optionsLines(config: IcapConfig): string[] {
  return [
    'Methods: REQMOD',
    'Service: bonusgate',
    'Allow: 204',
    'Preview: 0',
    'Transfer-Preview: *',
    `Max-Connections: ${config.connectionsMax}`,
    `Options-TTL: ${config.optionsTtlS}`,
    `X-Include: ${config.identity.map(({ header }) => header).join(', ')}`,
    'Encapsulated: null-body=0',
  ];
}

/** Whatever a decision returns, no octet of it can end the header: only visible ASCII goes out. */
function visible(location: string): string {
  return location.replace(/[^\x21-\x7e]/g, (character) =>
    Buffer.from(character, 'utf8').reduce(
      (text, octet) => `${text}%${octet.toString(16).toUpperCase().padStart(2, '0')}`,
      '',
    ),
  );
}
