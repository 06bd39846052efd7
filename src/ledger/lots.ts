import { assert } from '../errors.ts';

/**
 * Points earned together that expire together. `[activeFrom, expires)`, in milliseconds; a lot that is active at
 * once has activeFrom 0, one that never expires has expires {@link NEVER}. `origin` is the transfer the lot must be
 * traceable to (bought, pending and voidable points), 0 when it may merge with its like.
 */
export interface Lot {
  readonly classId: number;
  readonly activeFrom: number;
  readonly expires: number;
  readonly points: bigint;
  readonly origin: number;
}

export const NEVER = 2 ** 48 - 1;

/** Keeps the account row below about two kilobytes; older neighbours of a class join beyond it. */
export const LOTS_MAX = 64;

/** Orders lots for spending: soonest expiry first, then by source rank of the class, never by chance. */
export type RankOfClass = (classId: number) => number;

export interface Taken {
  readonly left: readonly Lot[];
  /** What was taken, in order; stored on the transfer for reversal and audit. */
  readonly slices: readonly Lot[];
}

export function totalOf(lots: readonly Lot[]): bigint {
  let total = 0n;
  for (const lot of lots) total += lot.points;
  return total;
}

/** Points that may be spent at `now`; expired but unswept points are already gone. */
export function availableOf(lots: readonly Lot[], now: number): bigint {
  let total = 0n;
  for (const lot of lots) if (isSpendable(lot, now)) total += lot.points;
  return total;
}

export function isSpendable(lot: Lot, now: number): boolean {
  return lot.activeFrom <= now && now < lot.expires;
}

/**
 * Takes exactly `points` from the lots that `accept`, in stored order; the caller checked that they suffice.
 * Lots are kept sorted, so the first acceptable lot is the next to lapse.
 */
export function take(lots: readonly Lot[], points: bigint, accept: (lot: Lot) => boolean): Taken {
  const left: Lot[] = [];
  const slices: Lot[] = [];
  let open = points;
  for (const lot of lots) {
    if (open === 0n || !accept(lot)) {
      left.push(lot);
      continue;
    }
    const part = lot.points < open ? lot.points : open;
    open -= part;
    slices.push(part === lot.points ? lot : { ...lot, points: part });
    if (part < lot.points) left.push({ ...lot, points: lot.points - part });
  }
  assert(open === 0n, 'taken points were available');
  return { left, slices };
}

/** Adds a lot in order, merging it with its like when it is fungible. */
export function put(lots: readonly Lot[], added: Lot, rank: RankOfClass, now: number): readonly Lot[] {
  const result: Lot[] = [];
  let placed = false;
  for (const lot of lots) {
    if (!placed && mergeable(lot, added)) {
      result.push({ ...lot, points: lot.points + added.points });
      placed = true;
      continue;
    }
    if (!placed && compare(added, lot, rank) < 0) {
      result.push(added);
      placed = true;
    }
    result.push(lot);
  }
  if (!placed) result.push(added);
  return joinOldest(result, now);
}

/** Adds several lots. */
export function putAll(
  lots: readonly Lot[],
  added: readonly Lot[],
  rank: RankOfClass,
  now: number,
): readonly Lot[] {
  let result = lots;
  for (const lot of added) result = put(result, lot, rank, now);
  return result;
}

function mergeable(a: Lot, b: Lot): boolean {
  return (
    a.origin === 0 &&
    b.origin === 0 &&
    a.classId === b.classId &&
    a.activeFrom === b.activeFrom &&
    a.expires === b.expires
  );
}

function compare(a: Lot, b: Lot, rank: RankOfClass): number {
  return (
    a.expires - b.expires ||
    rank(a.classId) - rank(b.classId) ||
    a.activeFrom - b.activeFrom ||
    a.classId - b.classId ||
    a.origin - b.origin
  );
}

/**
 * Beyond {@link LOTS_MAX} the two soonest neighbours of one fungible class join into the later expiry: the member
 * never loses time by it, and what has lapsed before it was swept does not come back to life. Lots that must stay
 * traceable are left alone.
 */
function joinOldest(lots: readonly Lot[], now: number): readonly Lot[] {
  if (lots.length <= LOTS_MAX) return lots;
  for (let first = 0; first < lots.length; first++) {
    const a = lots[first]!;
    if (a.origin !== 0) continue;
    const second = lots.findIndex(
      (b, at) => at > first && b.origin === 0 && b.classId === a.classId && b.activeFrom === a.activeFrom,
    );
    if (second < 0 || (a.expires <= now && lots[second]!.expires > now)) continue;
    const joined = lots.map((lot, at) => (at === second ? { ...lot, points: lot.points + a.points } : lot));
    joined.splice(first, 1);
    return joined;
  }
  return lots;
}

const LOT_OCTETS = 30;

/** Packs lots (or the slices of a transfer) for a bytea column: 30 octets each, big-endian. */
export function packLots(lots: readonly Lot[]): Buffer {
  const buffer = Buffer.allocUnsafe(lots.length * LOT_OCTETS);
  let at = 0;
  for (const lot of lots) {
    buffer.writeUInt32BE(lot.classId, at);
    buffer.writeUIntBE(lot.activeFrom, at + 4, 6);
    buffer.writeUIntBE(lot.expires, at + 10, 6);
    buffer.writeBigInt64BE(lot.points, at + 16);
    buffer.writeUIntBE(lot.origin, at + 24, 6);
    at += LOT_OCTETS;
  }
  return buffer;
}

export function unpackLots(buffer: Buffer): Lot[] {
  assert(buffer.length % LOT_OCTETS === 0, 'packed lots have whole entries');
  const lots: Lot[] = [];
  for (let at = 0; at < buffer.length; at += LOT_OCTETS) {
    lots.push({
      classId: buffer.readUInt32BE(at),
      activeFrom: buffer.readUIntBE(at + 4, 6),
      expires: buffer.readUIntBE(at + 10, 6),
      points: buffer.readBigInt64BE(at + 16),
      origin: buffer.readUIntBE(at + 24, 6),
    });
  }
  return lots;
}
