import { balanceView, historyEntry } from '../bonus/wallet-view.ts';
import { listOrders } from '../bonus/plan-orders.ts';
import { Planner, type Plan, type PlannerDeps } from '../bonus/plan.ts';
import { IntakeFull, Refusal } from '../errors.ts';
import { walletOf } from '../ledger/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { MoIdentity, Operation, OutboxDraft, Posted } from '../ledger/operation.ts';
import type { LeasedOutbox, Verdict } from '../ledger/records.ts';
import { channelNumber, contentHash, traceOctets } from '../ledger/request-key.ts';
import { findWallet, listStatement } from '../ledger/store.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Language } from '../values/language.ts';
import type { Channel, Origin, TraceId } from '../values/trace.ts';
import { isEnquiry, type KnownSubscriber } from './caller.ts';
import type { Command, Outcome, Result } from './command.ts';

/** A command with everything that makes it one attempt of one subscriber through one door. */
export interface CommandContext {
  readonly subscriber: KnownSubscriber;
  readonly channel: Channel;
  readonly origin: Origin;
  readonly trace: TraceId;
  /** 16 octets; the same for every repetition of this attempt. */
  readonly requestKey: Buffer;
  readonly mo?: MoIdentity;
  /** The answer as a message, for channels that answer by one. Called inside the ledger's decision: pure. */
  readonly reply?: (outcome: Outcome, now: number) => OutboxDraft | undefined;
}

export interface Executed {
  readonly outcome: Outcome;
  /** The message that carries the answer, when one was stored. */
  readonly outbox?: LeasedOutbox;
}

export interface ExecuteDeps extends PlannerDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  setLanguage(subscriber: bigint, language: Language, trace: TraceId): Promise<void>;
}

/** The one way from a command to the core, for every channel. Rejects with Fault or IntakeFull. */
export type Execute = (context: CommandContext, command: Command) => Promise<Executed>;

const HISTORY_MAX = 10;

export function createExecute(deps: ExecuteDeps): Execute {
  const planner = new Planner(deps);
  return async (context, command) => {
    try {
      permit(context, command);
      if (command.kind === 'prepare' || command.kind === 'confirm' || command.kind === 'cancel') {
        const asked = {
          subscriberId: context.subscriber.subscriberId,
          byCode: context.channel === 'sms',
          now: deps.clock.now(),
        };
        return await post(deps, context, await planner.plan(command, asked));
      }
      return await answer(deps, context, command.kind, await enquire(deps, context, command));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // Refused before anything was locked: still an answer, and still recorded with its message.
      const outcome: Outcome = { kind: 'refused', code: error.code, detail: error.detail };
      return answerWith(deps, context, command.kind, outcome);
    }
  };
}

/** Records that a message was received and stores its answer; nothing is carried out. */
export function recordOnly(deps: ExecuteDeps, context: CommandContext, operation: string): Promise<Executed> {
  return answerWith(deps, context, operation, { kind: 'unknown' });
}

function permit(context: CommandContext, command: Command): void {
  if (isEnquiry(command)) return;
  if (context.origin === 'untrusted') throw new Refusal('origin_untrusted');
  if (context.subscriber.status === 'suspended') throw new Refusal('subscriber_suspended');
}

async function enquire(
  deps: ExecuteDeps,
  context: CommandContext,
  command: Exclude<Command, { kind: 'prepare' | 'confirm' | 'cancel' }>,
): Promise<Result> {
  const { subscriberId } = context.subscriber;
  const account = walletOf(subscriberId);
  switch (command.kind) {
    case 'balance': {
      const wallet = await findWallet(deps.pool, account);
      if (wallet === undefined) throw new Refusal('account_unknown');
      return { kind: 'balance', balance: balanceView(wallet, deps.clock.now()) };
    }
    case 'history': {
      const lines = await listStatement(deps.pool, account, HISTORY_MAX);
      return { kind: 'history', entries: lines.map(historyEntry) };
    }
    case 'catalogue':
      return { kind: 'catalogue', items: deps.priceList().items };
    case 'orders':
      return { kind: 'orders', orders: await listOrders(deps, account, deps.clock.now()) };
    case 'help':
      return { kind: 'help' };
    case 'language':
      await deps.setLanguage(subscriberId, command.language, context.trace);
      return { kind: 'language', language: command.language };
  }
}

function answer(
  deps: ExecuteDeps,
  context: CommandContext,
  operation: string,
  result: Result,
): Promise<Executed> {
  return answerWith(deps, context, operation, { kind: 'done', result, replayed: false });
}

/** An enquiry answered by a message goes through the ledger too, so that a redelivered MO is answered once. */
async function answerWith(
  deps: ExecuteDeps,
  context: CommandContext,
  operation: string,
  outcome: Outcome,
): Promise<Executed> {
  if (context.mo === undefined) return { outcome };
  const part: Pick<Operation, 'keys' | 'decide'> = {
    keys: { accounts: [] },
    decide: () => {
      if (outcome.kind === 'refused') throw new Refusal(outcome.code, outcome.detail);
      return { data: null };
    },
  };
  const posted = await deps.ledger.post({
    ...part,
    request: requestOf(context, operation, {}, context.requestKey, () => outcome),
  });
  return executed(posted, () => outcome);
}

async function post(deps: ExecuteDeps, context: CommandContext, plan: Plan): Promise<Executed> {
  const toOutcome = (verdict: Verdict, replayed = false): Outcome =>
    verdict.kind === 'refused' ? verdict : { kind: 'done', result: plan.toResult(verdict.data), replayed };
  const key = plan.requestKey ?? context.requestKey;
  const request = requestOf(context, plan.operation, plan.content, key, toOutcome);
  return executed(await deps.ledger.post({ ...plan.part, request }), toOutcome);
}

function requestOf(
  context: CommandContext,
  operation: string,
  content: Readonly<Record<string, string>>,
  key: Buffer,
  toOutcome: (verdict: Verdict) => Outcome,
): Operation['request'] {
  const { reply, mo } = context;
  return {
    home: walletOf(context.subscriber.subscriberId).home,
    key,
    contentHash: contentHash({ operation, ...content }),
    trace: traceOctets(context.trace),
    channel: channelNumber(context.channel),
    actor: 'subscriber',
    operation,
    ...(mo !== undefined && { mo, fresh: key === context.requestKey }),
    ...(reply !== undefined && { reply: (verdict: Verdict, now: number) => reply(toOutcome(verdict), now) }),
  };
}

function executed(posted: Posted, toOutcome: (verdict: Verdict, replayed: boolean) => Outcome): Executed {
  if (posted.kind === 'duplicate') {
    // Its answer is stored and on its way; the caller only needs to know that it is done.
    return { outcome: { kind: 'done', result: { kind: 'help' }, replayed: true } };
  }
  const outcome = toOutcome(posted.verdict, posted.replayed);
  return { outcome, ...(posted.outbox !== undefined && { outbox: posted.outbox }) };
}

/**
 * For channels whose dialogue must say something: whatever failed, the answer is the third value. Only a full intake
 * stays what it is, since the channel has its own word for it.
 */
export async function orUnknown(executing: Promise<Executed>, log: Logger): Promise<Executed> {
  try {
    return await executing;
  } catch (error) {
    if (error instanceof IntakeFull) throw error;
    log.error({ err: error }, 'command failed');
    return { outcome: { kind: 'unknown' } };
  }
}
