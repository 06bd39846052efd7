import { createHmac } from 'node:crypto';
import { Refusal } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Db } from '../storage/postgres.ts';
import type { Partner } from './agreement.ts';
import { findKey, insertKey, listKeys, revokeKey } from './key-store.ts';
import type { PartnerKey } from './store.ts';

/** A key as it is handed out: the secret is told once, when the key is made. */
export interface HandedKey extends PartnerKey {
  readonly secret: string | undefined;
}

/** `books.2026-a`: the partner's code and the name that staff gave. */
export function keyIdOf(partner: Partner, name: string): string {
  return `${partner.code}.${name}`;
}

/**
 * The secret that goes with a key. It follows from the gateway's own secret, so that a copy of the database signs
 * nothing, and several daemons agree.
 */
export function secretOf(master: Buffer, keyId: string): string {
  return `bgp_${createHmac('sha256', master).update(`partner key ${keyId}`).digest('base64url')}`;
}

/**
 * Two keys may be active at once, so that a partner changes over without a gap: make the second, use it, revoke the
 * first. A name is used once: making it again answers the key without its secret.
 */
export function createPartnerKeys(db: Db, master: Buffer, clock: Clock) {
  return {
    listKeys: (partner: Partner): Promise<PartnerKey[]> => listKeys(db, partner.id),

    /** @throws Refusal `partner_keys_full` */
    makeKey: async (partner: Partner, name: string, by: string): Promise<HandedKey> => {
      const id = keyIdOf(partner, name);
      const key = { id, partner: partner.id, by, at: clock.now() };
      // Two of them made at once look for the same free slot; the second look finds the other one.
      const made = (await insertKey(db, key)) ?? (await insertKey(db, key));
      if (made !== undefined) return { ...made, secret: secretOf(master, id) };
      const known = await findKey(db, id);
      if (known === undefined) throw new Refusal('partner_keys_full');
      return { ...known, secret: undefined };
    },

    /** @throws Refusal `partner_key_unknown` */
    revokeKey: async (partner: Partner, name: string): Promise<void> => {
      const revoked = await revokeKey(db, partner.id, keyIdOf(partner, name), clock.now());
      if (!revoked) throw new Refusal('partner_key_unknown');
    },
  };
}
