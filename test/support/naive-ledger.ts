/**
 * The ledger as somebody would write it on a napkin: members with a list of lots, one obvious loop per operation, no
 * packing, no order kept, no cleverness. Written from the specification, not from the code: the property tests
 * demand that both always agree.
 */
export interface NaiveLot {
  points: bigint;
  readonly lotClass: number;
  readonly from: number;
  readonly expires: number;
  /** Number of the move it must stay traceable to; 0 for points that are like any other. */
  readonly origin: number;
}

export interface NaiveHold {
  readonly owner: number;
  readonly points: bigint;
  readonly until: number;
  readonly lots: NaiveLot[];
  state: 'active' | 'captured' | 'voided' | 'expired';
}

export interface NaiveMove {
  readonly number: number;
  readonly kind: 'earn' | 'spend' | 'transfer' | 'capture' | 'reverse' | 'expire' | 'debt' | 'fee' | 'adjust';
  readonly from: number | 'outside';
  readonly to: number | 'outside';
  readonly points: bigint;
  readonly lots: NaiveLot[];
  reversed: bigint;
}

interface NaiveMember {
  lots: NaiveLot[];
  debt: bigint;
}

export interface NaiveClass {
  readonly issuer: number;
  /** Place in the spending order within one expiry. */
  readonly rank: number;
  readonly transferable: boolean;
  /** Class after it was passed on. */
  readonly after: number;
}

/** `done`, or the code of the refusal. */
export type NaiveAnswer = string;

export class NaiveLedger {
  now: number;
  readonly members = new Map<number, NaiveMember>();
  readonly holds: NaiveHold[] = [];
  readonly moves: NaiveMove[] = [];
  readonly #classes: Readonly<Record<number, NaiveClass>>;

  constructor(now: number, members: readonly number[], classes: Readonly<Record<number, NaiveClass>>) {
    this.now = now;
    this.#classes = classes;
    for (const member of members) this.members.set(member, { lots: [], debt: 0n });
  }

  available(member: number): bigint {
    return sum(this.#spendable(member));
  }

  held(member: number): bigint {
    let total = 0n;
    for (const hold of this.holds) if (hold.owner === member && hold.state === 'active') total += hold.points;
    return total;
  }

  earn(member: number, lot: Omit<NaiveLot, 'origin'>, traceable: boolean, debtPercent: bigint): NaiveAnswer {
    const move = this.#move(lot.lotClass === 2 ? 'adjust' : 'earn', 'outside', member, lot.points, []);
    const given = { ...lot, origin: traceable ? move.number : 0 };
    move.lots.push({ ...given });
    const owing = this.members.get(member)!;
    let settled = (lot.points * debtPercent) / 100n;
    if (settled > owing.debt) settled = owing.debt;
    if (settled > 0n) {
      owing.debt -= settled;
      this.#move('debt', member, 'outside', settled, [{ ...given, points: settled }]);
    }
    if (lot.points > settled) owing.lots.push({ ...given, points: lot.points - settled });
    return 'done';
  }

  spend(member: number, points: bigint, kind: 'spend' | 'adjust' = 'spend'): NaiveAnswer {
    if (this.available(member) < points) return 'points_insufficient';
    this.#move(kind, member, 'outside', points, this.#take(member, points, this.#spendable(member)));
    return 'done';
  }

  transfer(from: number, to: number, points: bigint, fee: bigint): NaiveAnswer {
    if (from === to) return 'transfer_to_self';
    if (this.available(from) < points + fee) return 'points_insufficient';
    const passable = this.#spendable(from).filter((lot) => this.#classes[lot.lotClass]!.transferable);
    if (sum(passable) < points) return 'not_transferable';
    const taken = this.#take(from, points, passable);
    this.#move('transfer', from, to, points, taken);
    for (const lot of taken) {
      this.members.get(to)!.lots.push({ ...lot, lotClass: this.#classes[lot.lotClass]!.after, origin: 0 });
    }
    if (fee > 0n) this.#move('fee', from, 'outside', fee, this.#take(from, fee, this.#spendable(from)));
    return 'done';
  }

  hold(member: number, points: bigint, forMs: number): NaiveAnswer {
    if (this.available(member) < points) return 'points_insufficient';
    const lots = this.#take(member, points, this.#spendable(member));
    this.holds.push({ owner: member, points, until: this.now + forMs, lots, state: 'active' });
    return 'done';
  }

  capture(hold: NaiveHold, points: bigint): NaiveAnswer {
    if (hold.state !== 'active' || this.now >= hold.until) return 'hold_not_active';
    if (points > hold.points) return 'capture_exceeds_hold';
    this.#end(hold, points, 'captured');
    return 'done';
  }

  release(hold: NaiveHold): NaiveAnswer {
    if (hold.state !== 'active') return 'hold_not_active';
    this.#end(hold, 0n, 'voided');
    return 'done';
  }

  lapseHold(hold: NaiveHold): NaiveAnswer {
    if (hold.state !== 'active' || this.now < hold.until) return 'hold_not_active';
    this.#end(hold, 0n, 'expired');
    return 'done';
  }

  expire(member: number): NaiveAnswer {
    const { lots } = this.members.get(member)!;
    const lapsed = lots.filter((lot) => lot.expires <= this.now);
    this.members.get(member)!.lots = lots.filter((lot) => lot.expires > this.now);
    if (lapsed.length > 0) this.#move('expire', member, 'outside', sum(lapsed), lapsed);
    return 'done';
  }

  reverse(move: NaiveMove, points: bigint, lapsed: 'forfeit' | number): NaiveAnswer {
    if (move.reversed + points > move.points) return 'reversal_exceeds_original';
    const part = between(move.lots, move.reversed, points);
    if (move.from === 'outside') this.#clawBack(move, points, part);
    else {
      if (move.to !== 'outside') {
        const { to } = move;
        const alike = (worth: number): NaiveLot[] =>
          this.#spendable(to).filter((lot) => this.#worth(lot) === worth);
        const worths = [...new Set(part.map((lot) => this.#worth(lot)))];
        const needed = worths.map((worth) => sum(part.filter((lot) => this.#worth(lot) === worth)));
        if (worths.some((worth, index) => sum(alike(worth)) < needed[index]!)) return 'points_insufficient';
        worths.forEach((worth, index) => this.#take(to, needed[index]!, alike(worth)));
      }
      for (const lot of part) {
        const isLate = lot.expires <= this.now;
        const expires = isLate && lapsed !== 'forfeit' ? this.now + lapsed : lot.expires;
        if (expires > this.now) this.members.get(move.from)!.lots.push({ ...lot, expires });
      }
      this.#move('reverse', move.to, move.from, points, []);
    }
    move.reversed += points;
    return 'done';
  }

  /** Whose points they are: what a recipient gives back must be of the same. Here an issuer has one cost. */
  #worth({ lotClass }: NaiveLot): number {
    return this.#classes[lotClass]!.issuer;
  }

  #clawBack(move: NaiveMove, points: bigint, part: readonly NaiveLot[]): void {
    const owner = move.to as number;
    const member = this.members.get(owner)!;
    const came = (lot: NaiveLot): boolean =>
      part.some(
        (one) => one.lotClass === lot.lotClass && one.expires === lot.expires && one.origin === lot.origin,
      );
    const issuers = part.map((one) => this.#classes[one.lotClass]!.issuer);
    let open = points;
    for (const source of [
      () => member.lots.filter(came),
      () => this.#spendable(owner).filter((lot) => issuers.includes(this.#classes[lot.lotClass]!.issuer)),
    ]) {
      const there = source();
      const step = sum(there) < open ? sum(there) : open;
      this.#take(owner, step, there);
      open -= step;
    }
    member.debt += open;
    this.#move('reverse', owner, 'outside', points, []);
  }

  #end(hold: NaiveHold, captured: bigint, state: NaiveHold['state']): void {
    hold.state = state;
    const used = between(hold.lots, 0n, captured);
    const rest = between(hold.lots, captured, hold.points - captured);
    if (captured > 0n) this.#move('capture', hold.owner, 'outside', captured, used);
    for (const lot of rest) if (lot.expires > this.now) this.members.get(hold.owner)!.lots.push({ ...lot });
  }

  #spendable(member: number): NaiveLot[] {
    const { lots } = this.members.get(member)!;
    return lots.filter((lot) => lot.from <= this.now && this.now < lot.expires);
  }

  /** Takes from `choice`, what lapses soonest first. */
  #take(member: number, points: bigint, choice: readonly NaiveLot[]): NaiveLot[] {
    const rank = (lot: NaiveLot): number => this.#classes[lot.lotClass]!.rank;
    const ordered = [...choice].sort(
      (a, b) =>
        a.expires - b.expires ||
        rank(a) - rank(b) ||
        a.from - b.from ||
        a.lotClass - b.lotClass ||
        a.origin - b.origin,
    );
    const taken: NaiveLot[] = [];
    let open = points;
    for (const lot of ordered) {
      const part = lot.points < open ? lot.points : open;
      if (part === 0n) continue;
      taken.push({ ...lot, points: part });
      lot.points -= part;
      open -= part;
    }
    if (open > 0n) throw new Error('the napkin is wrong: took more than there was');
    const owner = this.members.get(member)!;
    owner.lots = owner.lots.filter((lot) => lot.points > 0n);
    return taken;
  }

  #move(
    kind: NaiveMove['kind'],
    from: NaiveMove['from'],
    to: NaiveMove['to'],
    points: bigint,
    lots: NaiveLot[],
  ): NaiveMove {
    const move: NaiveMove = { number: this.moves.length + 1, kind, from, to, points, lots, reversed: 0n };
    this.moves.push(move);
    return move;
  }
}

export function sum(lots: readonly { readonly points: bigint }[]): bigint {
  return lots.reduce((total, lot) => total + lot.points, 0n);
}

/** The `points` that come after the first `skip` of these lots. */
function between(lots: readonly NaiveLot[], skip: bigint, points: bigint): NaiveLot[] {
  const part: NaiveLot[] = [];
  let at = 0n;
  for (const lot of lots) {
    const start = at > skip ? at : skip;
    const end = at + lot.points < skip + points ? at + lot.points : skip + points;
    if (end > start) part.push({ ...lot, points: end - start });
    at += lot.points;
  }
  return part;
}
