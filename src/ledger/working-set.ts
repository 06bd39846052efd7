import { assert, Refusal } from '../errors.ts';
import { homeOf } from './keys.ts';
import type { StoredMo } from './kinds/mo.ts';
import type { StoredRequest } from './kinds/request.ts';
import type { LotClass } from './lot-classes.ts';
import { totalOf } from './lots.ts';
import { OwnedRecords, type LoadedRecords } from './owned-records.ts';
import type { Decision, NoticeDraft, Operation, RequestIdentity, View } from './operation.ts';
import {
  ROLE,
  type AccountRecord,
  type HoldRecord,
  type LeasedOutbox,
  type MoRecord,
  type NoticeRecord,
  type PendingRecord,
  type PostingRecord,
  type RequestRecord,
  type ReversalRecord,
  type TransferRecord,
} from './records.ts';

/** Everything a batch writes, grouped by kind. Maps hold the last state of records that several operations touch. */
export interface Writes {
  readonly accounts: Map<number, AccountRecord>;
  readonly requests: RequestRecord[];
  readonly transfers: TransferRecord[];
  readonly postings: PostingRecord[];
  readonly holds: Map<string, HoldRecord>;
  readonly pendings: Map<string, PendingRecord>;
  readonly reversals: Map<string, ReversalRecord>;
  readonly records: OwnedRecords;
  readonly mos: Map<string, MoRecord>;
  readonly outbox: LeasedOutbox[];
  /** By wallet and fact: what two operations of a batch would tell is told once. */
  readonly notices: Map<string, NoticeRecord>;
}

export interface Loaded {
  readonly accounts: readonly AccountRecord[];
  readonly requests: readonly StoredRequest[];
  readonly mos: readonly StoredMo[];
  readonly holds: readonly HoldRecord[];
  readonly pendings: readonly PendingRecord[];
  readonly reversals: readonly ReversalRecord[];
  readonly records: readonly LoadedRecords[];
}

/** The state of one batch while its operations are decided one after another. */
export class WorkingSet {
  readonly now: number;
  readonly writes: Writes = {
    accounts: new Map(),
    requests: [],
    transfers: [],
    postings: [],
    holds: new Map(),
    pendings: new Map(),
    reversals: new Map(),
    records: new OwnedRecords(),
    mos: new Map(),
    outbox: [],
    notices: new Map(),
  };
  readonly #accounts = new Map<number, AccountRecord>();
  readonly #requests = new Map<string, StoredRequest>();
  readonly #mos = new Map<string, StoredMo>();
  readonly #holds = new Map<string, HoldRecord>();
  readonly #pendings = new Map<string, PendingRecord>();
  readonly #reversed = new Map<string, bigint>();
  readonly #serial: () => number;
  readonly #classOf: (id: number) => LotClass;

  constructor(loaded: Loaded, now: number, serial: () => number, classOf: (id: number) => LotClass) {
    this.now = now;
    this.#serial = serial;
    this.#classOf = classOf;
    for (const row of loaded.accounts) this.#accounts.set(row.id, row);
    for (const row of loaded.requests) this.#requests.set(octetsKey(row.home, row.key), row);
    for (const row of loaded.mos) this.#mos.set(octetsKey(row.home, row.fingerprint), row);
    for (const row of loaded.holds) this.#holds.set(holdKey(row), row);
    for (const row of loaded.pendings) this.#pendings.set(octetsKey(row.home, row.id), row);
    for (const row of loaded.reversals) this.#reversed.set(reversalKey(row), row.reversed);
    for (const { kind, rows } of loaded.records) this.writes.records.load(kind, rows);
  }

  findRequest(home: number, key: Buffer): StoredRequest | undefined {
    return this.#requests.get(octetsKey(home, key));
  }

  findMo(home: number, fingerprint: Buffer): StoredMo | undefined {
    return this.#mos.get(octetsKey(home, fingerprint));
  }

  /** What `operation` may see: only the keys it named. */
  viewFor(operation: Operation): View {
    const named = new Set(operation.keys.accounts.map((key) => key.id));
    return {
      now: this.now,
      request: operation.request,
      serial: this.#serial,
      classOf: this.#classOf,
      account: (id) => {
        assert(named.has(id), 'an operation reads only accounts it named');
        const found = this.#accounts.get(id);
        if (found === undefined) throw new Refusal('account_unknown');
        return found;
      },
      findHold: (key) => this.#holds.get(holdKey(key)),
      findPending: (key) => this.#pendings.get(octetsKey(key.home, key.id)),
      reversedOf: (key) => this.#reversed.get(reversalKey(key)) ?? 0n,
      find: (kind, key) => this.writes.records.find(kind, key, operation),
    };
  }

  /** Takes a decision over, after checking that it balances. Throws before anything changed. */
  apply(decision: Decision): void {
    const postings = this.#postingsOf(decision);
    for (const row of decision.accounts ?? []) {
      this.#accounts.set(row.id, row);
      this.writes.accounts.set(row.id, row);
    }
    this.writes.transfers.push(...(decision.transfers ?? []));
    this.writes.postings.push(...postings);
    for (const row of decision.holds ?? []) {
      this.#holds.set(holdKey(row), row);
      this.writes.holds.set(holdKey(row), row);
    }
    for (const row of decision.pendings ?? []) {
      this.#pendings.set(octetsKey(row.home, row.id), row);
      this.writes.pendings.set(octetsKey(row.home, row.id), row);
    }
    for (const row of decision.reversals ?? []) {
      this.#reversed.set(reversalKey(row), row.reversed);
      this.writes.reversals.set(reversalKey(row), row);
    }
    for (const { kind, row } of decision.records ?? []) {
      this.#touchOwner(row.account);
      this.writes.records.write(kind, row);
    }
  }

  addRequest(row: RequestRecord): void {
    this.#requests.set(octetsKey(row.home, row.key), row);
    this.writes.requests.push(row);
  }

  addMo(row: MoRecord): void {
    const key = octetsKey(row.home, row.fingerprint);
    this.#mos.set(key, { ...row, provedUntil: 0 });
    this.writes.mos.set(key, row);
  }

  addOutbox(row: LeasedOutbox): void {
    this.writes.outbox.push(row);
  }

  addNotice(draft: NoticeDraft, trace: Buffer): void {
    const { account, fact, template, variables, class: noticeClass, dueAt } = draft;
    const key = `${String(account)} ${fact}`;
    if (this.writes.notices.has(key)) return;
    this.writes.notices.set(key, {
      home: homeOf(account),
      account,
      fact,
      template,
      class: noticeClass,
      variables,
      trace,
      createdAt: this.now,
      dueAt: Math.max(dueAt ?? this.now, this.now),
    });
  }

  serial(): number {
    return this.#serial();
  }

  identityOf(request: RequestIdentity): StoredRequest | undefined {
    return this.findRequest(request.home, request.key);
  }

  /** A record is written only under its account's lock, raising the account's version. */
  #touchOwner(account: number): void {
    const owner = this.#accounts.get(account);
    assert(owner !== undefined, 'a record is written under the lock of its account');
    if (!this.writes.accounts.has(account)) this.writes.accounts.set(account, owner);
  }

  #postingsOf(decision: Decision): PostingRecord[] {
    const running = new Map<number, bigint>();
    for (const row of decision.accounts ?? []) running.set(row.id, this.#accounts.get(row.id)!.balance);
    const postings: PostingRecord[] = [];
    for (const transfer of decision.transfers ?? []) {
      for (const [account, delta] of [
        [transfer.src, -transfer.amount],
        [transfer.dst, transfer.amount],
      ] as const) {
        if (account < 0) continue;
        const before = running.get(account);
        assert(before !== undefined, 'a transfer names accounts its decision changes');
        const balanceAfter = before + delta;
        running.set(account, balanceAfter);
        postings.push({
          home: homeOf(account),
          account,
          transferHome: transfer.home,
          transfer: transfer.id,
          delta,
          balanceAfter,
        });
      }
    }
    for (const row of decision.accounts ?? []) checkAccount(row, running.get(row.id)!);
    return postings;
  }
}

/** The ledger's own arithmetic, checked on every change whatever decided it. */
function checkAccount(row: AccountRecord, posted: bigint): void {
  assert(row.balance === posted, 'balance changes by postings only');
  assert(row.balance >= 0n && row.held >= 0n && row.debt >= 0n, 'balances are never negative');
  if (row.role === ROLE.wallet) {
    assert(totalOf(row.lots) + row.held === row.balance, 'balance is lots plus held');
  }
}

function octetsKey(home: number, octets: Buffer): string {
  return `${String(home)}:${octets.toString('latin1')}`;
}

function holdKey(key: { readonly account: number; readonly serial: number }): string {
  return `${String(key.account)}.${String(key.serial)}`;
}

function reversalKey(key: { readonly home: number; readonly transfer: number }): string {
  return `${String(key.home)}.${String(key.transfer)}`;
}
