import { assert } from '../errors.ts';
import type { Db, PostgresPool } from '../storage/postgres.ts';
import { findAddressKey } from '../values/address.ts';
import { findHost } from '../values/host.ts';
import type { Instant } from '../values/instant.ts';
import { FOREVER_S, type BindingKind, type CashbackChange } from './changes.ts';
import { writeChanges } from './change-store.ts';

/** A partner shop; its hosts are unique over all merchants. */
export interface Merchant {
  readonly id: number;
  readonly name: string;
  readonly hosts: readonly string[];
}

/**
 * Adds a merchant, or gives an existing one (same name) exactly these hosts. Hosts may be written as people write
 * them; they are stored in the spelling that decisions compare.
 */
export async function saveMerchant(
  pool: PostgresPool,
  merchant: { readonly name: string; readonly hosts: readonly string[] },
  now: Instant,
): Promise<Merchant> {
  const hosts = [...new Set(merchant.hosts.map(partnerHost))];
  return pool.transaction(async (tx) => {
    const [row] = await tx.query<{ id: number }>(
      `insert into cashback_merchant (name) values ($1)
       on conflict (name) do update set name = excluded.name returning id`,
      [merchant.name],
    );
    const id = row!.id;
    const removed = await tx.query<{ host: string }>(
      `delete from cashback_host where merchant_id = $1 and host <> all ($2::text[]) returning host`,
      [id, hosts],
    );
    await tx.query(
      `insert into cashback_host (host, merchant_id) select unnest($2::text[]), $1
       on conflict (host) do update set merchant_id = excluded.merchant_id`,
      [id, hosts],
    );
    const gone = removed.map(({ host }): CashbackChange => ({ kind: 'host', host, merchant: 0 }));
    await writeChanges(
      tx,
      [...gone, ...hosts.map((host) => ({ kind: 'host', host, merchant: id }) as const)],
      now,
    );
    return { id, name: merchant.name, hosts };
  });
}

function partnerHost(text: string): string {
  const host = findHost(text);
  assert(host !== undefined, `a partner host is a host name: ${text}`);
  return host;
}

/** The merchant that a normalised host belongs to now. */
export async function findMerchantOf(
  db: Db,
  host: string,
): Promise<{ id: number; name: string } | undefined> {
  const [row] = await db.query<{ id: number; name: string }>(
    `select m.id, m.name from cashback_host h join cashback_merchant m on m.id = h.merchant_id where h.host = $1`,
    [host],
  );
  return row;
}

/** Lets these subscribers see the offer; one who opted out stays out. */
export async function addAudience(
  pool: PostgresPool,
  subscribers: readonly bigint[],
  now: Instant,
): Promise<void> {
  await pool.transaction(async (tx) => {
    const rows = await tx.query<{ subscriber_id: bigint }>(
      `insert into cashback_audience (subscriber_id, added_at) select distinct unnest($1::bigint[]), $2::timestamptz
       on conflict do nothing returning subscriber_id`,
      [subscribers, new Date(now)],
    );
    const added = rows.map((row) => Number(row.subscriber_id));
    await writeChanges(
      tx,
      added.map((subscriber) => ({ kind: 'audience', subscriber, member: true })),
      now,
    );
  });
}

/** Takes a subscriber out for good, whether or not he was in. */
export async function optOut(pool: PostgresPool, subscriber: bigint, now: Instant): Promise<void> {
  await pool.transaction(async (tx) => {
    await tx.query(
      `insert into cashback_audience (subscriber_id, added_at, opted_out_at) values ($1, $2, $2)
       on conflict (subscriber_id) do update set opted_out_at = excluded.opted_out_at`,
      [subscriber, new Date(now)],
    );
    await writeChanges(tx, [{ kind: 'audience', subscriber: Number(subscriber), member: false }], now);
  });
}

/** Whose address or login it is; `validTo` absent means until it is bound anew or released. */
export interface Binding {
  /** IPv4 address, any IPv6 address of the subscriber's /64, or a login. */
  readonly identity: string;
  readonly subscriber: bigint;
  readonly validTo?: Instant;
}

/** Binds an address or login to a subscriber and thereby takes it from whoever had it before. */
export async function bindIdentity(pool: PostgresPool, binding: Binding, now: Instant): Promise<void> {
  const { kind, key } = bindingKey(binding.identity);
  const validTo = binding.validTo === undefined ? null : new Date(binding.validTo);
  await pool.transaction(async (tx) => {
    await tx.query(
      `insert into cashback_binding (kind, key, subscriber_id, bound_at, valid_to) values ($1, $2, $3, $4, $5)
       on conflict (kind, key) do update set subscriber_id = excluded.subscriber_id,
         bound_at = excluded.bound_at, valid_to = excluded.valid_to`,
      [kind, key, binding.subscriber, new Date(now), validTo],
    );
    const validToS = binding.validTo === undefined ? FOREVER_S : Math.floor(binding.validTo / 1_000);
    const subscriber = Number(binding.subscriber);
    await writeChanges(tx, [{ kind: 'binding', of: kind, key, subscriber, validToS }], now);
  });
}

/** The session ended: the address or login is nobody's. */
export async function releaseIdentity(pool: PostgresPool, identity: string, now: Instant): Promise<void> {
  const { kind, key } = bindingKey(identity);
  await pool.transaction(async (tx) => {
    await tx.query(`delete from cashback_binding where kind = $1 and key = $2`, [kind, key]);
    await writeChanges(tx, [{ kind: 'binding', of: kind, key, subscriber: 0, validToS: 0 }], now);
  });
}

/** Ends all bindings of a subscriber: the number was given up, ported out or given to somebody else. */
export async function releaseSubscriber(pool: PostgresPool, subscriber: bigint, now: Instant): Promise<void> {
  await pool.transaction(async (tx) => {
    const rows = await tx.query<{ kind: BindingKind; key: string }>(
      `delete from cashback_binding where subscriber_id = $1 returning kind, key`,
      [subscriber],
    );
    const changes = rows.map(
      ({ kind, key }) => ({ kind: 'binding', of: kind, key, subscriber: 0, validToS: 0 }) as const,
    );
    await writeChanges(tx, changes, now);
  });
}

function bindingKey(identity: string): { kind: BindingKind; key: string } {
  return findAddressKey(identity) ?? { kind: 'login', key: identity.toLowerCase() };
}
