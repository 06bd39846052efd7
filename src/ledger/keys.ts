import { assert } from '../errors.ts';

/**
 * Who owns a ledger record. `home` follows from the owner, so every record of one owner has the same home: the
 * unit of locking order today and of sharding later. Ids fit in 53 bits and are plain numbers for speed.
 */
export interface AccountKey {
  readonly home: number;
  readonly id: number;
}

export const HOMES = 1024;

/** Accounts of one owner are numbered 0..15 under it: account id = owner id * 16 + slot. */
const SLOTS = 16;

/** Pool owners live above every subscriber id. */
const POOL_BASE = 2 ** 44;
export const POOL_PARTS = 16;

/** System accounts: no row, no lock, no floor. Their balance is a sum over the journal. */
export const SYSTEM = {
  issue: -1,
  redeemed: -2,
  breakage: -3,
  sold: -4,
  goodwill: -5,
  debt: -6,
  fees: -7,
  /** Where pieces of stock come from and go to; counted in pieces, not points. */
  stock: -8,
  /** Rights to issue points, bought in advance or granted as a cap; they are no points yet. */
  quota: -9,
} as const;

export type SystemAccount = keyof typeof SYSTEM;

/** Every partner of a joint programme has system accounts of its own; partner 0 is the operator. */
const SYSTEM_SLOTS = 16;

export function systemOf(partner: number, account: SystemAccount): number {
  return SYSTEM[account] - partner * SYSTEM_SLOTS;
}

/** The points wallet of a subscriber in the programme of that slot. */
export function walletOf(subscriber: bigint | number, slot = 0): AccountKey {
  const owner = Number(subscriber);
  assert(Number.isSafeInteger(owner) && owner > 0 && owner < POOL_BASE, 'subscriber id out of range');
  return { home: owner % HOMES, id: owner * SLOTS + slot };
}

/** One of the sixteen parts of a shared ceiling (stock, budget, partner prepaid). */
export function poolPart(pool: number, part: number): AccountKey {
  assert(part >= 0 && part < POOL_PARTS, 'pool part out of range');
  const owner = POOL_BASE + pool * POOL_PARTS + part;
  return { home: owner % HOMES, id: owner * SLOTS };
}

export function ownerOf(account: number): number {
  return Math.floor(account / SLOTS);
}

export function homeOf(account: number): number {
  return ownerOf(account) % HOMES;
}

export function keyOf(account: number): AccountKey {
  return { home: homeOf(account), id: account };
}

/** A hold, transfer or redemption as others write it down: the account it belongs to and its serial. */
export interface RecordRef {
  readonly account: number;
  readonly serial: number;
}

/** `1f4.2s`: account and serial in base 36. */
export function formatRef(ref: RecordRef): string {
  return `${ref.account.toString(36)}.${ref.serial.toString(36)}`;
}
