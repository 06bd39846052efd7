import { createClearing, type Clearing } from '../../src/clearing/clearing.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { expire } from '../../src/ledger/decide/expire.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import { findTransfer } from '../../src/ledger/store.ts';
import { reverse } from '../../src/ledger/decide/reverse.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { manualClock, type ManualClock } from '../../src/runtime/clock.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import type { AgreementTerms } from '../../src/partners/agreement.ts';
import type { PartnerActor } from '../../src/partners/operation.ts';
import type { Msisdn } from '../../src/values/msisdn.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { openTestLedger, openWallets, wallet, type TestLedger } from './ledger.ts';
import { openTestProgramme, staff, termsOf, type TestProgramme } from './programme.ts';

/** A joint programme whose months can be played through: partners `books` and `coffee`, members 1 to 20. */
export interface ClearingStage {
  readonly db: TestDatabase;
  readonly ledger: TestLedger;
  readonly clock: ManualClock;
  readonly programme: TestProgramme;
  readonly clearing: Clearing;
  /** The month that is running. */
  month(): string;
  /** Moves to the middle of the month after. */
  nextMonth(): void;
  actor(code: string): Promise<PartnerActor>;
  /** Points of the partner for a purchase; answers the receipt. */
  gives(code: string, member: number, points: bigint): Promise<string>;
  refunds(code: string, receipt: string, points: bigint): Promise<void>;
  /** Points spent at the partner; answers the order. */
  accepts(code: string, member: number, points: bigint): Promise<string>;
  returns(code: string, order: string, points: bigint): Promise<void>;
  operatorGives(member: number, points: bigint, expires?: number): Promise<void>;
  operatorAccepts(member: number, points: bigint): Promise<void>;
  /** All that has lapsed is booked. */
  sweep(member: number): Promise<void>;
  close(): Promise<void>;
}

/** Noon on the 15th of the month before the last: two months can be closed before the database's own time is reached. */
function start(): number {
  const now = new Date();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 15, 12);
}

export async function openClearingStage(
  terms: Readonly<Record<string, Partial<AgreementTerms>>> = {},
): Promise<ClearingStage> {
  const db = await createTestDatabase();
  const ledger = await openTestLedger(db);
  const clock = manualClock(start());
  ledger.advance(clock.now() - Date.now());
  await openWallets(
    db.pool,
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  const programme = openTestProgramme(ledger, clock);
  const { admin, api, published } = programme;
  for (const code of ['books', 'coffee']) await admin.save({ code, name: code, blocked: false });
  for (const code of ['operator', 'books', 'coffee']) {
    await admin.publish(staff(), code, 'one', termsOf(terms[code]));
  }
  const clearing = createClearing({
    pool: db.pool,
    withPatience: (work) => work(db.pool),
    published,
    clock,
    zone: () => 'UTC',
    toleranceMinor: () => 1n,
  });
  let serial = 0;
  const id = (): string => `n-${String(++serial)}`;
  const msisdn = (member: number) => `7916${String(member).padStart(7, '0')}` as Msisdn;
  const month = (): string => new Date(clock.now()).toISOString().slice(0, 7);
  const actor = async (code: string): Promise<PartnerActor> => ({
    partner: (await published.current()).getPartner(code),
    key: `${code}.test`,
    trace: newTraceId(),
  });
  const stage: ClearingStage = {
    ...{ db, ledger, clock, programme, clearing, month, actor },
    nextMonth: () => {
      const [year, number] = month().split('-').map(Number);
      const by = Date.UTC(year!, number, 15, 12) - clock.now();
      clock.advance(by);
      ledger.advance(by);
    },
    gives: async (code, member, points) => {
      const receipt = id();
      const amount = { minor: points * 100n, currency: 'RUB' };
      const occurredAt = clock.now();
      await api.purchase(await actor(code), { id: receipt, msisdn: msisdn(member), amount, occurredAt });
      return receipt;
    },
    refunds: async (code, receipt, points) => {
      const refund = { id: id(), purchase: receipt, minor: points * 100n };
      await api.refundPurchase(await actor(code), refund);
    },
    accepts: async (code, member, points) => {
      const order = id();
      const authorisation = { id: order, msisdn: msisdn(member), points, ttlMs: undefined };
      await api.authorise(await actor(code), authorisation);
      await api.capture(await actor(code), order, points);
      return order;
    },
    returns: async (code, order, points) => {
      await api.refundHold(await actor(code), { id: id(), hold: order, points, fault: 'customer' });
    },
    operatorGives: async (member, points, expires = NEVER) => {
      await ledger.run(
        earn({
          ...{ to: wallet(member), points, classId: ledger.earned, expiresAt: () => expires, from: 'issue' },
          ...{ kind: 'earn', debtSharePpm: 1_000_000n },
        }),
      );
    },
    operatorAccepts: async (member, points) => {
      await ledger.run(spend({ from: wallet(member), points, to: 'redeemed', kind: 'spend' }));
    },
    sweep: async (member) => {
      await ledger.run(expire(wallet(member)));
    },
    close: async () => {
      await ledger.close(5_000);
      await db.drop();
    },
  };
  return stage;
}

/** Undoes the latest spending of a member at the operator. */
export async function undoSpending({ db, ledger }: ClearingStage, member: number): Promise<bigint> {
  const [row] = await db.pool.query<{ home: number; id: bigint }>(
    'select home, id from transfer where src = $1 and dst = -2 order by id desc limit 1',
    [wallet(member).id],
  );
  const original = (await findTransfer(db.pool, row!.home, Number(row!.id)))!;
  await ledger.run(reverse({ original, points: original.amount, reason: 'test', lapsed: 'forfeit' }));
  return original.amount;
}
