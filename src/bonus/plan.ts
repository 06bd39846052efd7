import { createHash } from 'node:crypto';
import type { CatalogueItem, Command, MoneyAction, Quote, Result } from '../channels/command.ts';
import { Refusal } from '../errors.ts';
import type { LotClasses } from '../ledger/class-store.ts';
import type { LotClass } from '../ledger/lot-classes.ts';
import { transfer, type MemberTransfer } from '../ledger/decide/transfer.ts';
import { walletOf, type AccountKey } from '../ledger/keys.ts';
import type { Operation } from '../ledger/operation.ts';
import { findPendingById, findWallet, listPendings, listPool, type OpenPending } from '../ledger/store.ts';
import { getItem, type ListedItem, type PricedItem, type PriceList } from '../price-list/price-list.ts';
import { newTraceId, randomDigits } from '../runtime/ids.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import type { Msisdn } from '../values/msisdn.ts';
import { cancelAll, confirm, wrongCode } from './confirm.ts';
import { withNotice, type NoticeOfPoints } from './notice.ts';
import { decodeAction, type PendingAction } from './pending-action.ts';
import { prepare } from './prepare.ts';
import { transferFee, transferLimits, type Programme } from './programme.ts';
import { redeem, type Redeemed } from '../redemptions/redeem.ts';
import { ALL_PARTS } from '../redemptions/stock.ts';
import { quoteBuy, quoteGiveBack, workBuy, workGiveBack } from './plan-orders.ts';

/** A command worked out as far as it can be before the accounts are locked. */
export interface Plan {
  /** Verb for the journal. */
  readonly operation: string;
  /** What the request key stands for; another content under the same key is an error. */
  readonly content: Readonly<Record<string, string>>;
  /** Replaces the channel's request key: a confirmation is carried out under the pending record's id. */
  readonly requestKey?: Buffer;
  readonly part: Pick<Operation, 'keys' | 'decide'>;
  toResult(data: unknown): Result;
}

/** An action ready for the ledger, and how its stored answer reads. */
export interface Worked {
  readonly part: Plan['part'];
  readonly toResult: (data: unknown) => Result;
}

export interface PlannerDeps {
  readonly pool: PostgresPool;
  readonly classes: LotClasses;
  /** Read at each command: a reload may change it. */
  programme(): Programme;
  /** What is for sale now. */
  priceList(): PriceList;
  /** An item as it was in one published version. */
  findItem(version: number, code: string): Promise<ListedItem | undefined>;
  /** Who has the number now. */
  resolve(msisdn: Msisdn): Promise<{ readonly id: bigint; readonly status: string } | undefined>;
  findNumber(subscriber: bigint): Promise<Msisdn | undefined>;
  readonly noticeOfPoints: NoticeOfPoints;
  /** Refusal `stopped` while the emergency brake for such actions is on. */
  checkBrake(brake: 'transfers' | 'redemptions'): void;
}

export interface PlanningFor {
  readonly subscriberId: bigint;
  /** Where the answer carries a code that confirms; elsewhere the dialogue itself does. */
  readonly byCode: boolean;
  readonly now: Instant;
}

type MoneyCommand = Extract<Command, { kind: 'prepare' | 'confirm' | 'cancel' }>;

const CODE_DIGITS = 4;

/** Turns the commands that move points into plans. Reads only; refusals are thrown before anything is stored. */
export class Planner {
  readonly #deps: PlannerDeps;

  constructor(deps: PlannerDeps) {
    this.#deps = deps;
  }

  plan(command: MoneyCommand, asked: PlanningFor): Promise<Plan> {
    switch (command.kind) {
      case 'prepare':
        return this.#planPrepare(command.action, asked);
      case 'confirm':
        return this.#planConfirm(command, asked);
      case 'cancel':
        return this.#planCancel(asked);
    }
  }

  async #planPrepare(action: MoneyAction, asked: PlanningFor): Promise<Plan> {
    this.#checkBrake(action.kind);
    const quoted = await this.#quote(action, asked);
    if (
      asked.byCode &&
      quoted.action.kind !== 'buy' &&
      BigInt(quoted.action.points) < this.#deps.programme().codeFrom
    ) {
      return this.#planAction(quoted.action, asked, undefined);
    }
    const pendingId = Buffer.from(newTraceId(), 'hex');
    const code = asked.byCode ? randomDigits(CODE_DIGITS) : undefined;
    const part = prepare({
      wallet: walletOf(asked.subscriberId),
      pendingId,
      codeHash: code === undefined ? null : hashOfCode(pendingId, code),
      action: quoted.action,
      ttlMs: this.#deps.programme().pendingTtlMs,
    });
    return {
      operation: `prepare_${action.kind}`,
      content: { ...textsOf(quoted.action), priceList: String(this.#deps.priceList().version) },
      part,
      toResult: (data) => {
        // A repeated request answers with the record that the first one made.
        const stored = (data as { pendingId: string }).pendingId;
        return {
          kind: 'prepared',
          pendingId: stored,
          quote: quoted.quote,
          ...(code !== undefined && { code }),
        };
      },
    };
  }

  async #quote(action: MoneyAction, asked: PlanningFor): Promise<{ action: PendingAction; quote: Quote }> {
    if (action.kind === 'buy') return quoteBuy(this.#deps, action.points);
    if (action.kind === 'give_back') {
      return quoteGiveBack(this.#deps, walletOf(asked.subscriberId), action.order, asked.now);
    }
    if (action.kind === 'redeem') {
      const list = this.#deps.priceList();
      const item = getItem(list, action.item);
      return {
        action: { kind: 'redeem', item: item.code, points: item.points.toString(), priceList: list.version },
        quote: { kind: 'redeem', item: publicItem(item) },
      };
    }
    const { transfer: rules } = this.#deps.programme();
    const { to, points } = action;
    if (points < rules.pointsMin)
      throw new Refusal('limit_exceeded', { limit: 'transfer_min', amount: rules.pointsMin });
    if (points > rules.pointsMax)
      throw new Refusal('limit_exceeded', { limit: 'transfer_max', amount: rules.pointsMax });
    const recipient = await this.#deps.resolve(to);
    if (recipient?.status !== 'active') throw new Refusal('recipient_unknown');
    if (recipient.id === asked.subscriberId) throw new Refusal('transfer_to_self');
    const fee = transferFee(rules, points);
    return {
      action: {
        kind: 'transfer',
        to: recipient.id.toString(),
        points: points.toString(),
        fee: fee.toString(),
      },
      quote: { kind: 'transfer', to, points, fee },
    };
  }

  async #planConfirm(command: Extract<Command, { kind: 'confirm' }>, asked: PlanningFor): Promise<Plan> {
    const wallet = walletOf(asked.subscriberId);
    if ('pendingId' in command) {
      const id = Buffer.from(command.pendingId, 'hex');
      const pending = await findPendingById(this.#deps.pool, wallet.home, id);
      if (pending === undefined) throw new Refusal('confirmation_not_pending');
      return this.#planAction(decodeAction(pending.command), asked, pending);
    }
    const waiting = await listPendings(this.#deps.pool, wallet, asked.now);
    const coded = waiting.filter((pending) => pending.codeHash !== null);
    if (coded.length === 0) throw new Refusal('confirmation_not_pending');
    const meant = coded.find((pending) => pending.codeHash!.equals(hashOfCode(pending.id, command.code)));
    if (meant !== undefined) return this.#planAction(decodeAction(meant.command), asked, meant);
    return {
      operation: 'confirm_wrong_code',
      content: {},
      part: wrongCode(
        wallet,
        coded.map((pending) => pending.id),
      ),
      toResult: () => ({ kind: 'cancelled' }),
    };
  }

  async #planCancel(asked: PlanningFor): Promise<Plan> {
    const wallet = walletOf(asked.subscriberId);
    const waiting = await listPendings(this.#deps.pool, wallet, asked.now);
    const ids = waiting.map((pending) => pending.id);
    return {
      operation: 'cancel',
      content: {},
      part: cancelAll(wallet, ids),
      toResult: () => ({ kind: 'cancelled' }),
    };
  }

  /** The action itself, confirmed by a pending record or, below the code threshold, at once. */
  async #planAction(
    action: PendingAction,
    asked: PlanningFor,
    pending: OpenPending | undefined,
  ): Promise<Plan> {
    const wallet = walletOf(asked.subscriberId);
    const worked = this.#braked(action, await this.#work(action, asked, pending !== undefined));
    return {
      operation: action.kind,
      content: textsOf(action),
      ...(pending !== undefined && { requestKey: pending.id }),
      part: pending === undefined ? worked.part : confirm(wallet, pending.id, worked.part),
      toResult: worked.toResult,
    };
  }

  #checkBrake(kind: PendingAction['kind']): void {
    if (kind === 'transfer') this.#deps.checkBrake('transfers');
    if (kind === 'redeem') this.#deps.checkBrake('redemptions');
  }

  /** Looked at where the action is decided: whoever asks again for what was done still gets its answer. */
  #braked({ kind }: PendingAction, { part, toResult }: Worked): Worked {
    const decide: Operation['decide'] = (view) => {
      this.#checkBrake(kind);
      return part.decide(view);
    };
    return { part: { ...part, decide }, toResult };
  }

  #work(action: PendingAction, asked: PlanningFor, agreed: boolean): Promise<Worked> | Worked {
    const wallet = walletOf(asked.subscriberId);
    switch (action.kind) {
      case 'transfer':
        return this.#workTransfer(action, wallet, asked.subscriberId);
      case 'redeem':
        return this.#workRedeem(action, wallet, agreed);
      case 'give_back':
        return workGiveBack(this.#deps, action, wallet);
      case 'buy':
        return workBuy(this.#deps, action, wallet);
    }
  }

  async #workTransfer(
    action: Extract<PendingAction, { kind: 'transfer' }>,
    from: AccountKey,
    sender: bigint,
  ) {
    const { pool, classes } = this.#deps;
    const recipient = BigInt(action.to);
    const to = (await this.#deps.findNumber(recipient)) ?? ('' as Msisdn);
    if (to === '') throw new Refusal('recipient_unknown');
    await this.#internClasses(from, pool);
    const move: MemberTransfer = {
      from,
      to: walletOf(recipient),
      points: BigInt(action.points),
      fee: BigInt(action.fee),
      classAfter: (id) => classes.find(passedOn(classes.get(id)))?.id ?? id,
      limits: transferLimits(this.#deps.programme()),
    };
    const toResult = (data: unknown): Result => {
      const { points, available } = data as { points: bigint; available: bigint };
      return { kind: 'transferred', to, points, available };
    };
    const notice = await this.#deps.noticeOfPoints({ sender, recipient, to, points: move.points });
    return { part: withNotice(transfer(move), notice), toResult };
  }

  /** Classes that the sender's points will have at the recipient exist before the accounts are locked. */
  async #internClasses(from: AccountKey, pool: PostgresPool): Promise<void> {
    const { classes } = this.#deps;
    const wallet = await findWallet(pool, from);
    const ids = new Set(wallet?.lots.map((lot) => lot.classId) ?? []);
    for (const id of ids) await classes.intern(passedOn(await classes.load(id)));
  }

  async #workRedeem(action: Extract<PendingAction, { kind: 'redeem' }>, wallet: AccountKey, agreed: boolean) {
    const list = this.#deps.priceList();
    const item = getItem(list, action.item);
    if (agreed && item.points !== BigInt(action.points)) {
      throw new Refusal('price_changed', { points: item.points, item: item.number });
    }
    const part = redeem({
      wallet,
      item,
      priceList: list.version,
      voucher: item.voucherPattern === undefined ? null : voucherOf(item.voucherPattern),
      stockParts: item.stockPool === undefined ? [] : await this.#stockParts(item.stockPool),
      zone: this.#deps.programme().zone,
    });
    const toResult = (data: unknown): Result => {
      const { available, voucher, waiting } = data as Redeemed;
      if (waiting) return { kind: 'ordered', item: publicItem(item), available };
      return { kind: 'redeemed', item: publicItem(item), available, ...(voucher !== null && { voucher }) };
    };
    return { part, toResult };
  }

  /** One part while it holds more than could be taken before we lock it, all of them when stock runs low. */
  async #stockParts(stockPool: number): Promise<readonly number[]> {
    const parts = await listPool(this.#deps.pool, stockPool);
    if (parts.length === 0) throw new Refusal('item_out_of_stock');
    const plenty = parts.findIndex((pieces) => pieces > PLENTY);
    return plenty < 0 ? ALL_PARTS : [plenty];
  }
}

/** What a request key stands for, as the hash of its content takes it. */
function textsOf(action: PendingAction): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(action).map(([name, value]) => [name, String(value)]));
}

/** More than the ledger's live queue can hold. */
const PLENTY = 10_000n;

const DEPTH_MAX = 15;

/** Points keep issuer and cost when they are passed on; how often they were is counted. */
function passedOn(lotClass: LotClass) {
  return { ...lotClass, source: 'transfer' as const, depth: Math.min(lotClass.depth + 1, DEPTH_MAX) };
}

function hashOfCode(pendingId: Buffer, code: string): Buffer {
  return createHash('sha256').update(pendingId).update(code).digest().subarray(0, 16);
}

function voucherOf(pattern: string): string {
  return pattern.replaceAll('#', () => randomDigits(1));
}

function publicItem(item: PricedItem): CatalogueItem {
  return { number: item.number, code: item.code, name: item.name, points: item.points };
}
