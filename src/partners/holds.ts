import { Refusal } from '../errors.ts';
import { captureHold, placeHold, voidHold, type Placed, type Released } from '../ledger/decide/hold.ts';
import { partnerOperationKind, type PartnerOperationRecord } from '../ledger/kinds/partner-operation.ts';
import { keyOf, walletOf } from '../ledger/keys.ts';
import { toRead, toWrite, type Operation } from '../ledger/operation.ts';
import { contentHash } from '../ledger/request-key.ts';
import type { Msisdn } from '../values/msisdn.ts';
import {
  carryOut,
  findBefore,
  getMember,
  getOperation,
  joined,
  recordOf,
  requestOf,
  type PartnerActor,
  type PartnerOperationDeps,
} from './operation.ts';

export interface HoldDeps extends PartnerOperationDeps {
  readonly holdMs: number;
  readonly holdMaxMs: number;
}

export interface Authorisation {
  /** The partner's number of the order. */
  readonly id: string;
  readonly msisdn: Msisdn;
  readonly points: bigint;
  readonly ttlMs: number | undefined;
}

export interface Authorised {
  readonly points: bigint;
  /** Absent in the answer to a repetition. */
  readonly expiresAt: number | undefined;
  readonly replayed: boolean;
}

/**
 * Sets points aside for a purchase at the partner. They come back by themselves when nothing is captured in time.
 *
 * @throws Refusal `subscriber_unknown`, `agreement_missing`, `points_insufficient`, `account_frozen`,
 *   `idempotency_mismatch`, `stopped`
 */
export async function authorise(
  deps: HoldDeps,
  actor: PartnerActor,
  { id, msisdn, points, ttlMs }: Authorisation,
): Promise<Authorised> {
  const hash = contentHash({ msisdn, points, ttlMs: ttlMs ?? null });
  const before = await findBefore(deps, actor, 'hold', id, hash);
  if (before !== undefined) return { points: before.points, expiresAt: undefined, replayed: true };
  deps.checkBrake('redemptions');
  const now = deps.clock.now();
  const agreement = (await deps.published.current()).agreementAt(actor.partner.id, now);
  const wallet = walletOf(await getMember(deps, msisdn, now));
  const ttl = Math.min(ttlMs ?? deps.holdMs, deps.holdMaxMs);
  const placing = placeHold({ from: wallet, points, ttlMs: ttl });
  const part: Pick<Operation, 'keys' | 'decide'> = {
    keys: placing.keys,
    decide: (view) => {
      const placed = placing.decide(view);
      const record = recordOf(view, wallet, {
        serial: placed.holds![0]!.serial,
        partner: actor.partner.id,
        kind: 'hold',
        reference: id,
        agreement: agreement.id,
        points,
        occurredAt: view.now,
      });
      return joined(placed, { records: [toWrite(partnerOperationKind, record)] });
    },
  };
  const { data, replayed } = await carryOut(deps.ledger, part, requestOf(actor, 'hold', id, hash));
  const { expiresAt } = data as Placed;
  return { points, expiresAt, replayed };
}

export interface HoldEnded {
  readonly captured: bigint;
  readonly released: bigint;
  readonly replayed: boolean;
}

/**
 * Takes up to the held points for good, once; the rest returns to the member. The partner is the one who accepted them.
 *
 * @throws Refusal `partner_operation_unknown`, `hold_not_active`, `capture_exceeds_hold`, `idempotency_mismatch`
 */
export async function capture(
  deps: HoldDeps,
  actor: PartnerActor,
  id: string,
  points: bigint,
): Promise<HoldEnded> {
  const held = await getOperation(deps, actor, 'hold', id);
  const capturing = captureHold({
    account: keyOf(held.account),
    serial: held.serial,
    points,
    acceptor: actor.partner.id,
  });
  const part: Pick<Operation, 'keys' | 'decide'> = {
    keys: { ...capturing.keys, records: [toRead(partnerOperationKind, held)] },
    decide: (view) => {
      const captured = capturing.decide(view);
      const record: PartnerOperationRecord = { ...held, transfer: captured.transfers![0]!.id };
      return joined(captured, { records: [toWrite(partnerOperationKind, record)] });
    },
  };
  return ended(deps, part, requestOf(actor, 'capture', id, contentHash({ points })));
}

/** Gives all of it back. @throws Refusal `partner_operation_unknown`, `hold_not_active` */
export async function voidAuthorisation(deps: HoldDeps, actor: PartnerActor, id: string): Promise<HoldEnded> {
  const held = await getOperation(deps, actor, 'hold', id);
  const part = voidHold(keyOf(held.account), held.serial);
  return ended(deps, part, requestOf(actor, 'void', id, contentHash({})));
}

async function ended(
  deps: HoldDeps,
  part: Pick<Operation, 'keys' | 'decide'>,
  request: Operation['request'],
): Promise<HoldEnded> {
  const { data, replayed } = await carryOut(deps.ledger, part, request);
  const { captured, released } = data as Released;
  return { captured, released, replayed };
}

/** The captured hold's transfer. @throws Refusal `hold_not_active` when nothing was captured */
export function capturedTransfer(held: PartnerOperationRecord): number {
  if (held.transfer === null) throw new Refusal('hold_not_active', { state: 'not_captured' });
  return held.transfer;
}
