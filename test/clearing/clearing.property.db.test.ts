import { expect } from 'chai';
import fc from 'fast-check';
import { earn } from '../../src/ledger/decide/earn.ts';
import type { AgreementTerms } from '../../src/partners/agreement.ts';
import { openClearingStage, undoSpending, type ClearingStage } from '../support/clearing.ts';
import { wallet } from '../support/ledger.ts';

/** Rates as a naive clerk would use them: micro minor units for a point, as numbers that are small and whole. */
const TERMS = {
  operator: { earn: 7_500_000, burn: 6_250_000, breakage: 250_000 },
  books: { earn: 12_345_678, burn: 9_999_999, breakage: 1_000_000 },
  coffee: { earn: 8_000_001, burn: 10_000_000, breakage: 333_333 },
} as const;
type Code = keyof typeof TERMS;
const PARTNERS = ['books', 'coffee'] as const;
const MEMBERS = [1, 2, 3] as const;

function termsOf(code: Code): Partial<AgreementTerms> {
  const { earn: give, burn, breakage } = TERMS[code];
  const rate = (micro: number) => ({ num: BigInt(micro), den: 1_000_000n });
  return { earnRate: rate(give), burnRate: rate(burn), breakagePpm: BigInt(breakage) };
}

type Step =
  | {
      readonly kind: 'gives' | 'accepts';
      readonly by: Code;
      readonly member: number;
      readonly points: number;
    }
  | { readonly kind: 'refunds' | 'returns'; readonly nth: number; readonly percent: number }
  | { readonly kind: 'undoes' | 'lapses'; readonly member: number }
  | { readonly kind: 'month' };

const member = fc.constantFrom(...MEMBERS);
const by = fc.constantFrom('operator' as const, ...PARTNERS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('gives' as const),
      by,
      member,
      points: fc.integer({ min: 1, max: 999 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('accepts' as const),
      by,
      member,
      points: fc.integer({ min: 1, max: 600 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('refunds' as const, 'returns' as const),
      nth: fc.nat(),
      percent: fc.integer({ min: 1, max: 100 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('undoes' as const, 'lapses' as const), member }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('month' as const) }) },
);

/** What a clerk writes down while it happens: micro minor units that each party owes the pool in the running month. */
class Clerk {
  readonly #owed = new Map<Code, bigint>();
  /** Points of the operator; a month's are one line, rounded down once. */
  lapsed = 0n;

  add(code: Code, micro: bigint): void {
    this.#owed.set(code, (this.#owed.get(code) ?? 0n) + micro);
  }

  take(): Map<Code, bigint> {
    const { burn, breakage } = TERMS.operator;
    this.add('operator', -((this.lapsed * BigInt(burn) * BigInt(breakage)) / 1_000_000n));
    this.lapsed = 0n;
    const owed = new Map([...this.#owed].filter(([, micro]) => micro !== 0n));
    this.#owed.clear();
    return owed;
  }
}

interface Done {
  readonly by: 'books' | 'coffee';
  readonly id: string;
  left: bigint;
}

/** P17: the lines sum to the statements, the pool is reserve - debt + margin, a closed month stays as it is. */
describe('clearing of any months', function () {
  this.timeout(120_000);

  it('owes what a clerk writes down while it happens (P17)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const stage = await openClearingStage({
          ...{ operator: termsOf('operator'), books: termsOf('books'), coffee: termsOf('coffee') },
        });
        try {
          await play(stage, steps);
        } finally {
          await stage.close();
        }
      }),
      { numRuns: 12 },
    );
  });
});

async function play(stage: ClearingStage, steps: readonly Step[]): Promise<void> {
  const clerk = new Clerk();
  const purchases: Done[] = [];
  const orders: Done[] = [];
  for (const one of [...steps, { kind: 'month' } as const]) {
    switch (one.kind) {
      case 'month':
        await closeAndCompare(stage, clerk);
        break;
      case 'gives':
        await give(stage, clerk, purchases, one);
        break;
      case 'accepts':
        await accept(stage, clerk, orders, one);
        break;
      case 'refunds':
        await undo(stage, clerk, purchases, one.nth, one.percent, 'earn');
        break;
      case 'returns':
        await undo(stage, clerk, orders, one.nth, one.percent, 'burn');
        break;
      case 'undoes':
        await undoOperators(stage, clerk, one.member);
        break;
      case 'lapses':
        await lapse(stage, clerk, one.member);
    }
  }
}

async function give(
  stage: ClearingStage,
  clerk: Clerk,
  purchases: Done[],
  { by: code, member: to, points }: Extract<Step, { kind: 'gives' | 'accepts' }>,
): Promise<void> {
  clerk.add(code, BigInt(points) * BigInt(TERMS[code].earn));
  if (code === 'operator') return stage.operatorGives(to, BigInt(points));
  purchases.push({ by: code, id: await stage.gives(code, to, BigInt(points)), left: BigInt(points) });
}

async function accept(
  stage: ClearingStage,
  clerk: Clerk,
  orders: Done[],
  { by: code, member: from, points }: Extract<Step, { kind: 'gives' | 'accepts' }>,
): Promise<void> {
  const { available } = await balanceOf(stage, from);
  const spent = BigInt(points) < available ? BigInt(points) : available;
  if (spent === 0n) return;
  clerk.add(code, -spent * BigInt(TERMS[code].burn));
  if (code === 'operator') return stage.operatorAccepts(from, spent);
  orders.push({ by: code, id: await stage.accepts(code, from, spent), left: spent });
}

async function undo(
  stage: ClearingStage,
  clerk: Clerk,
  done: Done[],
  nth: number,
  percent: number,
  rate: 'earn' | 'burn',
): Promise<void> {
  const one = done[nth % done.length];
  const points = one === undefined ? 0n : (one.left * BigInt(percent)) / 100n;
  if (one === undefined || points === 0n) return;
  one.left -= points;
  const micro = points * BigInt(TERMS[one.by][rate]);
  clerk.add(one.by, rate === 'earn' ? -micro : micro);
  await (rate === 'earn' ? stage.refunds(one.by, one.id, points) : stage.returns(one.by, one.id, points));
}

async function undoOperators(stage: ClearingStage, clerk: Clerk, from: number): Promise<void> {
  const [row] = await stage.db.pool.query<{ spent: bigint }>(
    `select count(*) filter (where dst = -2) - count(*) filter (where src = -2) as spent from transfer
      where src = $1 or dst = $1`,
    [wallet(from).id],
  );
  // Only the latest is ever undone, and once: there must not be one after it that was.
  if (row!.spent !== 1n) return;
  const points = await undoSpending(stage, from).catch(() => 0n);
  clerk.add('operator', points * BigInt(TERMS.operator.burn));
}

/** The operator gives points that are gone the next moment. */
async function lapse(stage: ClearingStage, clerk: Clerk, to: number): Promise<void> {
  const points = 77n;
  const expires = stage.clock.now() + 60_000;
  await stage.ledger.run(
    earn({
      ...{ to: wallet(to), points, classId: stage.ledger.earned, expiresAt: () => expires, from: 'issue' },
      ...{ kind: 'earn', debtSharePpm: 0n },
    }),
  );
  stage.clock.advance(120_000);
  stage.ledger.advance(120_000);
  await stage.sweep(to);
  clerk.add('operator', points * BigInt(TERMS.operator.earn));
  clerk.lapsed += points;
}

async function closeAndCompare(stage: ClearingStage, clerk: Clerk): Promise<void> {
  const owed = clerk.take();
  const period = stage.month();
  stage.nextMonth();
  const isEmpty = (await stage.db.pool.query('select 1 from transfer limit 1')).length === 0;
  if (isEmpty) return;
  const [first] = await stage.db.pool.query<{ at: Date }>('select min(at) as at from transfer');
  if (first!.at.toISOString().slice(0, 7) > period) return;
  await stage.clearing.close(period, 'test');
  await stage.clearing.close(period, 'test');
  const statements = (await stage.clearing.statements()).filter((one) => one.period === period);
  for (const code of Object.keys(TERMS) as Code[]) {
    const statement = statements.find((one) => one.code === code);
    const lines = statement === undefined ? [] : await stage.clearing.lines(statement, 0, 10_000);
    const micro = lines.reduce((sum, { amountMicro }) => sum + amountMicro, 0n);
    expect(micro, `${code} in ${period}`).to.equal(owed.get(code) ?? 0n);
    const minor = lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
    expect(minor).to.equal(statement?.netMinor ?? 0n);
    expect(Math.abs(Number(micro) / 1e6 - Number(minor))).to.be.at.most(0.5);
  }
  const { positions } = await stage.clearing.show(period);
  const outstanding = positions.reduce((sum, position) => sum + position.outstanding, 0n);
  const [inWallets] = await stage.db.pool.query<{ sum: bigint }>(
    'select sum(balance)::bigint as sum from account where role = 1',
  );
  expect(outstanding, 'all points that are out').to.equal(inWallets!.sum);
}

async function balanceOf(stage: ClearingStage, of: number): Promise<{ available: bigint }> {
  const [row] = await stage.db.pool.query<{ available: bigint }>(
    'select balance - held as available from account where home = $1 and id = $2',
    [wallet(of).home, wallet(of).id],
  );
  return row!;
}
