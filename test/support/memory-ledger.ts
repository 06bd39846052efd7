import { decideOne, type DecideContext, type Decided } from '../../src/ledger/decide-batch.ts';
import { ownerOf } from '../../src/ledger/keys.ts';
import { EARNED, GOODWILL, type LotClass } from '../../src/ledger/lot-classes.ts';
import { availableOf } from '../../src/ledger/lots.ts';
import type { StoredMo } from '../../src/ledger/kinds/mo.ts';
import type { AnyKind, Operation, Posted, RequestIdentity } from '../../src/ledger/operation.ts';
import type { OwnedKey } from '../../src/ledger/kinds/keyed.ts';
import {
  ACCOUNT_STATUS,
  ROLE,
  type AccountRecord,
  type HoldRecord,
  type LeasedOutbox,
  type PendingRecord,
  type PostingRecord,
  type RequestRecord,
  type ReversalRecord,
  type TransferRecord,
  type Verdict,
} from '../../src/ledger/records.ts';
import { WorkingSet } from '../../src/ledger/working-set.ts';
import { wallet } from './ledger.ts';

/** Lot classes of the tests of decisions; number 5 and 6 are what 1..4 become when they are passed on. */
export const CLASS = {
  earned: 1,
  goodwill: 2,
  partner: 3,
  fixed: 4,
  passedOn: 5,
  partnerPassedOn: 6,
} as const;
const PARTNER = 7;
const CLASSES: readonly LotClass[] = [
  { ...EARNED, id: CLASS.earned },
  { ...GOODWILL, id: CLASS.goodwill },
  { ...EARNED, id: CLASS.partner, issuer: PARTNER, costNum: 1n, costDen: 4n },
  { ...EARNED, id: CLASS.fixed, source: 'gift', transferable: false },
  { ...EARNED, id: CLASS.passedOn, source: 'transfer', depth: 1 },
  {
    ...EARNED,
    id: CLASS.partnerPassedOn,
    source: 'transfer',
    issuer: PARTNER,
    costNum: 1n,
    costDen: 4n,
    depth: 1,
  },
];
export const classAfter = (id: number): number =>
  CLASSES[id - 1]!.issuer === PARTNER ? CLASS.partnerPassedOn : CLASS.passedOn;

/** Some moment of an ordinary day; days of the worked examples are counted from it. */
export const DAY_ZERO = Date.UTC(2026, 0, 1);

type Part = Pick<Operation, 'keys' | 'decide'>;

/** The pure decisions on state in memory: what the poster does, without a database. */
export class MemoryLedger {
  now = DAY_ZERO;
  readonly accounts = new Map<number, AccountRecord>();
  readonly requests: RequestRecord[] = [];
  readonly transfers: TransferRecord[] = [];
  readonly postings: PostingRecord[] = [];
  readonly holds = new Map<number, HoldRecord>();
  readonly pendings = new Map<string, PendingRecord>();
  readonly reversals = new Map<number, ReversalRecord>();
  readonly mos = new Map<string, StoredMo>();
  readonly outbox: LeasedOutbox[] = [];
  readonly records = new Map<AnyKind, Map<number, OwnedKey>>();
  provedUntil: (sessionId: string) => number = () => 0;
  #serial = 1000;
  #requestSerial = 0;

  open(...subscribers: number[]): this {
    for (const subscriber of subscribers) {
      const { home, id } = wallet(subscriber);
      const nothing = { balance: 0n, held: 0n, debt: 0n, tier: 0, version: 0, openedAt: DAY_ZERO };
      const empty = { lots: [], counters: [], carry: [] };
      this.accounts.set(id, {
        home,
        id,
        role: ROLE.wallet,
        status: ACCOUNT_STATUS.active,
        ...nothing,
        ...empty,
      });
    }
    return this;
  }

  change(subscriber: number, fields: Partial<AccountRecord>): void {
    this.accounts.set(wallet(subscriber).id, { ...this.of(subscriber), ...fields });
  }

  of(subscriber: number): AccountRecord {
    return this.accounts.get(wallet(subscriber).id)!;
  }

  available(subscriber: number): bigint {
    return availableOf(this.of(subscriber).lots, this.now);
  }

  newRequest(): RequestIdentity {
    const key = Buffer.alloc(16);
    key.writeUInt32BE(++this.#requestSerial);
    const names = { channel: 5, actor: 'test', operation: 'test' };
    return { home: 1, key, contentHash: Buffer.alloc(16), trace: key, ...names };
  }

  /** Decides one operation on its own. */
  run(part: Part, request: RequestIdentity = this.newRequest()): Verdict {
    const decided = this.decide(part, request);
    if (decided.kind === 'duplicate') throw new Error('duplicate MO');
    return decided.verdict;
  }

  decide(part: Part, request: RequestIdentity = this.newRequest()): Posted {
    const [decided] = this.batch([{ ...part, request }]);
    if ('bug' in decided!) throw decided.bug;
    return decided!.posted;
  }

  /** What a successful operation answered. */
  done(part: Part): unknown {
    const verdict = this.run(part);
    if (verdict.kind !== 'done') throw new Error(`refused: ${verdict.code}`);
    return verdict.data;
  }

  batch(operations: readonly Operation[]): Decided[] {
    const set = new WorkingSet(
      {
        accounts: [...this.accounts.values()],
        requests: this.requests,
        mos: [...this.mos.values()],
        holds: [...this.holds.values()],
        pendings: [...this.pendings.values()],
        reversals: [...this.reversals.values()],
        records: [...this.records].map(([kind, rows]) => ({ kind, rows: [...rows.values()] })),
      },
      this.now,
      () => ++this.#serial,
      (id) => CLASSES[id - 1]!,
    );
    const context: DecideContext = {
      leaseOwner: 1,
      leaseMs: 30_000,
      provedUntil: (sessionId) => this.provedUntil(sessionId),
    };
    const decided = operations.map((operation) => decideOne(set, operation, context));
    this.#keep(set);
    return decided;
  }

  #keep({ writes }: WorkingSet): void {
    for (const row of writes.accounts.values()) {
      this.accounts.set(row.id, { ...row, version: row.version + 1 });
    }
    this.requests.push(...writes.requests);
    this.transfers.push(...writes.transfers);
    this.postings.push(...writes.postings);
    for (const row of writes.holds.values()) this.holds.set(row.serial, row);
    for (const [key, row] of writes.pendings) this.pendings.set(key, row);
    for (const row of writes.reversals.values()) this.reversals.set(row.transfer, row);
    for (const [key, row] of writes.mos) this.mos.set(key, { ...row, provedUntil: 0 });
    this.outbox.push(...writes.outbox);
    for (const { kind, rows } of writes.records.written()) {
      const known = this.records.get(kind) ?? new Map<number, OwnedKey>();
      for (const row of rows) known.set(row.serial, row);
      this.records.set(kind, known);
    }
  }
}

export function subscriberOf(account: AccountRecord): number {
  return ownerOf(account.id);
}
