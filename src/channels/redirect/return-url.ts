import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ReturnKey } from '../../runtime/config/cashback.ts';

/** What a return URL vouches for: this subscriber asked for this URL of this merchant, and may answer until then. */
export interface ReturnTicket {
  readonly subscriber: number;
  readonly merchant: number;
  /** The requested URL, percent-encoded. */
  readonly url: string;
  readonly expiresAtS: number;
}

export type OpenedTicket =
  | { readonly ok: true; readonly ticket: ReturnTicket; readonly nonce: string }
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown_key' | 'forged' }
  | { readonly ok: false; readonly reason: 'expired'; readonly ticket: ReturnTicket };

/** Signs and opens return tickets; the same keys in the daemon and in every ICAP worker. */
export interface ReturnTickets {
  seal(ticket: ReturnTicket): { token: string; nonce: string };
  open(token: string, nowS: number): OpenedTicket;
}

const VERSION = 1;
const NONCE_BYTES = 12;
const MAC_BYTES = 32;
// version, key id, expiry (4), merchant (4), nonce (12), masked subscriber (8)
const HEAD_BYTES = 2 + 4 + 4 + NONCE_BYTES + 8;

/**
 * Tickets under HMAC-SHA-256. The subscriber's id is masked with a keystream that only this nonce has, so that neither
 * the partner nor anybody on the way can tell two visits of one person; address and number are not in the ticket.
 */
export function createReturnTickets(keys: readonly ReturnKey[]): ReturnTickets {
  const derived = keys.map(({ id, secret }) => ({
    id,
    sign: createHmac('sha256', secret).update('bonusgate return url: sign').digest(),
    mask: createHmac('sha256', secret).update('bonusgate return url: mask').digest(),
  }));
  const signing = derived[0];
  if (signing === undefined) throw new Error('a return URL needs at least one key');
  return {
    seal: (ticket) => {
      const url = Buffer.from(ticket.url, 'latin1');
      const nonce = randomBytes(NONCE_BYTES);
      const body = Buffer.alloc(HEAD_BYTES + url.length);
      body.writeUInt8(VERSION, 0);
      body.writeUInt8(signing.id, 1);
      body.writeUInt32BE(ticket.expiresAtS, 2);
      body.writeUInt32BE(ticket.merchant, 6);
      nonce.copy(body, 10);
      body.writeBigUInt64BE(BigInt(ticket.subscriber) ^ keystream(signing.mask, nonce), 22);
      url.copy(body, HEAD_BYTES);
      const mac = createHmac('sha256', signing.sign).update(body).digest();
      return { token: Buffer.concat([body, mac]).toString('base64url'), nonce: nonce.toString('hex') };
    },
    open: (token, nowS) => {
      const octets = decode(token);
      if (octets === undefined) return { ok: false, reason: 'malformed' };
      const key = derived.find(({ id }) => id === octets.readUInt8(1));
      if (key === undefined) return { ok: false, reason: 'unknown_key' };
      const body = octets.subarray(0, -MAC_BYTES);
      const mac = createHmac('sha256', key.sign).update(body).digest();
      if (!timingSafeEqual(mac, octets.subarray(-MAC_BYTES))) return { ok: false, reason: 'forged' };
      const nonce = body.subarray(10, 10 + NONCE_BYTES);
      const ticket = {
        subscriber: Number(body.readBigUInt64BE(22) ^ keystream(key.mask, nonce)),
        merchant: body.readUInt32BE(6),
        url: body.toString('latin1', HEAD_BYTES),
        expiresAtS: body.readUInt32BE(2),
      };
      if (ticket.expiresAtS <= nowS) return { ok: false, reason: 'expired', ticket };
      return { ok: true, ticket, nonce: nonce.toString('hex') };
    },
  };
}

function keystream(key: Buffer, nonce: Buffer): bigint {
  return createHmac('sha256', key).update(nonce).digest().readBigUInt64BE(0);
}

/** Base64url in its only canonical spelling: two spellings of one ticket would be two nonces to a careless reader. */
function decode(token: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(token)) return undefined;
  const octets = Buffer.from(token, 'base64url');
  if (octets.length < HEAD_BYTES + MAC_BYTES || octets.toString('base64url') !== token) return undefined;
  return octets.readUInt8(0) === VERSION ? octets : undefined;
}
