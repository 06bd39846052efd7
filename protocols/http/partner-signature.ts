import { createHash } from 'node:crypto';

/**
 * The header of a signed request (docs/programme/partners.md):
 *
 * `Authorization: BG1-HMAC-SHA256 key="books.2026-a", time="1769850000", nonce="...", body="<hex>", signature="<hex>"`
 */
export interface PartnerSignature {
  readonly keyId: string;
  readonly time: number;
  readonly nonce: string;
  /** SHA-256 of the octets of the body, in hex; of nothing when there is none. */
  readonly bodyHash: string;
  readonly signature: Buffer;
}

export const SIGNATURE_SCHEME = 'BG1-HMAC-SHA256';

const HEADER = new RegExp(
  `^${SIGNATURE_SCHEME} key="([a-z0-9.-]{3,65})", ?time="(\\d{1,12})", ?nonce="([A-Za-z0-9_-]{16,64})", ?` +
    'body="([0-9a-f]{64})", ?signature="([0-9a-f]{64})"$',
);

export function parseSignature(header: string | undefined): PartnerSignature | undefined {
  const found = HEADER.exec(header ?? '');
  if (found === null) return undefined;
  const [keyId, time, nonce, bodyHash, signature] = found.slice(1) as [
    string,
    string,
    string,
    string,
    string,
  ];
  return { keyId, time: Number(time), nonce, bodyHash, signature: Buffer.from(signature, 'hex') };
}

/** What is signed: seven lines. The path stands as it was sent, with its query. */
export function signedText(
  method: string,
  pathAndQuery: string,
  { keyId, time, nonce, bodyHash }: Omit<PartnerSignature, 'signature'>,
): string {
  return [SIGNATURE_SCHEME, method, pathAndQuery, bodyHash, String(time), nonce, keyId].join('\n');
}

export function hashOfBody(octets: Buffer | undefined): string {
  return createHash('sha256')
    .update(octets ?? Buffer.alloc(0))
    .digest('hex');
}
