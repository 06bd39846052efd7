import { Refusal } from '../errors.ts';
import { SECOND_MS, DAY_MS } from '../values/instant.ts';
import { isOutOfLife } from './key-life.ts';
import type { StoredMo } from './kinds/mo.ts';
import { ownerOf, walletOf } from './keys.ts';
import { afterActivity } from './decide/activity.ts';
import type { Decision, NoticeDraft, Operation, OutboxDraft, Posted } from './operation.ts';
import type { LeasedOutbox, Verdict } from './records.ts';
import type { WorkingSet } from './working-set.ts';

/** What became of each operation of a batch, in order: an answer to give after COMMIT, or its own bug. */
export type Decided = { readonly posted: Posted } | { readonly bug: unknown };

export interface DecideContext {
  readonly leaseOwner: number;
  readonly leaseMs: number;
  /** The newest proof of this daemon's own sessions, fresher than what is stored. */
  provedUntil(sessionId: string): number;
  /** What the owners of wallets are told of movements of points, whatever operation made them. */
  factsOf?: FactsOf;
  /** Until when activity at that time lets a member's points live on, where the programme has it so. */
  activeUntil?: (() => ((now: number) => number) | undefined) | undefined;
}

export type FactsOf = (decision: Decision, now: number) => readonly NoticeDraft[];

/** A redelivery within this time of the first delivery is the same request, in doubt or not (ADR 1). */
export const MO_SAME_MS = 60 * SECOND_MS;
/** A redelivery of an MO whose answer is in doubt is the same request within this time (ADR 1). */
export const MO_IN_DOUBT_MS = DAY_MS;

/** Follows from the key and the time alone, so it is not stored: an old key stays old. */
const KEY_EXPIRED: Posted = {
  kind: 'posted',
  verdict: { kind: 'refused', code: 'idempotency_key_expired', detail: {} },
  replayed: false,
};

/** Decides one operation on the evolving state of its batch. Nothing of a failed decision remains in the state. */
export function decideOne(set: WorkingSet, operation: Operation, context: DecideContext): Decided {
  const { request } = operation;
  if (request.mo !== undefined) {
    const known = set.findMo(request.mo.home, request.mo.fingerprint);
    if (known !== undefined && isSameRequest(known, set.now, context)) {
      // It is the answer to this delivery that must arrive now; the minute still counts from the first.
      set.addMo({ ...request.mo, firstAt: known.firstAt, inDoubt: false, requestKey: known.requestKey });
      return { posted: { kind: 'duplicate' } };
    }
  }
  const stored = set.identityOf(request);
  if (stored !== undefined) return { posted: replay(set, operation, stored, context) };
  if (request.keyTime !== undefined && isOutOfLife(request.keyTime, set.now)) return { posted: KEY_EXPIRED };
  try {
    return { posted: carryOut(set, operation, context) };
  } catch (error) {
    if (error instanceof Refusal) {
      const verdict: Verdict = { kind: 'refused', code: error.code, detail: error.detail };
      return { posted: record(set, operation, verdict, context) };
    }
    return { bug: error };
  }
}

function carryOut(set: WorkingSet, operation: Operation, context: DecideContext): Posted {
  const view = set.viewFor(operation);
  const decided = operation.decide(view);
  const until = context.activeUntil?.()?.(set.now);
  const decision = until === undefined ? decided : afterActivity(view, decided, until);
  const notices = noticesOf(set, operation, decision, context);
  set.apply(decision);
  for (const row of notices) set.addOutbox(row);
  const verdict = decision.refused ?? ({ kind: 'done', data: decision.data } as const);
  const posted = record(set, operation, verdict, context);
  tell(set, operation, decision, posted, context);
  return notices.length === 0 ? posted : { ...posted, notices };
}

/** Made whole before anything of the decision is taken over. */
function noticesOf(
  set: WorkingSet,
  { request }: Operation,
  { notices = [], refused }: Decision,
  context: DecideContext,
): LeasedOutbox[] {
  if (refused !== undefined) return [];
  return notices.map((notice) => {
    const { home } = walletOf(notice.subscriber);
    return leased(set, { ...notice, dueAt: set.now }, { home, trace: request.trace }, context);
  });
}

/** The facts that the decision names, and movements of wallets that it does not name; who gets a message knows already. */
function tell(
  set: WorkingSet,
  { request }: Operation,
  decision: Decision,
  posted: Pick<Extract<Posted, { kind: 'posted' }>, 'outbox'>,
  { factsOf }: DecideContext,
): void {
  const own = decision.facts ?? [];
  for (const draft of own) set.addNotice(draft, request.trace);
  if (factsOf === undefined || (decision.transfers ?? []).length === 0) return;
  const messages = [...(decision.notices ?? []), ...(posted.outbox === undefined ? [] : [posted.outbox])];
  for (const draft of factsOf(decision, set.now)) {
    const owner = ownerOf(draft.account);
    const told =
      own.some(({ account }) => account === draft.account) ||
      messages.some(({ subscriber }) => subscriber === owner);
    if (!told) set.addNotice(draft, request.trace);
  }
}

/** Stores the verdict, the MO's fingerprint and the reply; they commit with the points or not at all. */
function record(
  set: WorkingSet,
  operation: Operation,
  verdict: Verdict,
  context: DecideContext,
): Extract<Posted, { kind: 'posted' }> {
  const { request } = operation;
  const { home, key, contentHash, trace, channel, actor } = request;
  set.addRequest({
    home,
    key,
    contentHash,
    trace,
    channel,
    actor,
    operation: request.operation,
    verdict,
    at: set.now,
  });
  const outbox = answer(set, operation, verdict, context);
  return { kind: 'posted', verdict, replayed: false, ...(outbox && { outbox }) };
}

function replay(
  set: WorkingSet,
  operation: Operation,
  stored: { readonly contentHash: Buffer; readonly verdict: Verdict },
  context: DecideContext,
): Posted {
  const same = stored.contentHash.equals(operation.request.contentHash);
  const verdict: Verdict = same
    ? stored.verdict
    : { kind: 'refused', code: 'idempotency_mismatch', detail: {} };
  // A new MO that confirms what is already confirmed still deserves its answer.
  const outbox = operation.request.mo === undefined ? undefined : answer(set, operation, verdict, context);
  return { kind: 'posted', verdict, replayed: same, ...(outbox && { outbox }) };
}

function answer(
  set: WorkingSet,
  operation: Operation,
  verdict: Verdict,
  context: DecideContext,
): LeasedOutbox | undefined {
  const { request } = operation;
  if (request.mo !== undefined) {
    set.addMo({ ...request.mo, firstAt: set.now, inDoubt: false, requestKey: request.key });
  }
  const draft = request.reply?.(verdict, set.now);
  if (draft === undefined) return undefined;
  const row = leased(set, draft, request, context);
  set.addOutbox(row);
  return row;
}

/** The row of a message, on its first lease to this daemon. */
function leased(
  set: WorkingSet,
  draft: OutboxDraft,
  { home, trace }: { readonly home: number; readonly trace: Buffer },
  context: DecideContext,
): LeasedOutbox {
  return {
    home,
    id: set.serial(),
    subscriber: draft.subscriber,
    priority: draft.priority,
    smsc: draft.smsc,
    source: draft.source,
    destination: draft.destination,
    body: draft.body,
    receipt: draft.receipt,
    trace,
    createdAt: set.now,
    dueAt: draft.dueAt,
    leaseOwner: context.leaseOwner,
    leaseUntil: Math.max(set.now, draft.dueAt) + context.leaseMs,
  };
}

function isSameRequest(known: StoredMo, now: number, context: DecideContext): boolean {
  const age = now - known.firstAt;
  if (age < MO_SAME_MS) return true;
  if (age >= MO_IN_DOUBT_MS) return false;
  const provedUntil = Math.max(known.provedUntil, context.provedUntil(known.sessionId));
  return known.inDoubt || known.receivedAt >= provedUntil;
}
