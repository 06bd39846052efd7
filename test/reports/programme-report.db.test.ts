import { expect } from 'chai';
import fc from 'fast-check';
import { SYSTEM } from '../../src/ledger/keys.ts';
import { packLots } from '../../src/ledger/lots.ts';
import { TRANSFER_KIND, type TransferRecord } from '../../src/ledger/records.ts';
import { programmeReport, type ReportLine } from '../../src/reports/programme-report.ts';
import { history, TwoLedgers } from '../ledger/histories.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { CLASS } from '../support/memory-ledger.ts';

const PARTNER = 7;
const ZONE = 'Europe/Moscow';
const LAST = '2040-01';
const issuerOf = (lotClass: number): number =>
  lotClass === CLASS.partner || lotClass === CLASS.partnerPassedOn ? PARTNER : 0;
/** Moscow is three hours ahead the whole year. */
const monthOf = (at: number): string => new Date(at + 3 * 3_600_000).toISOString().slice(0, 7);

type Column = Exclude<keyof ReportLine, 'month' | 'issuer' | 'outstanding'>;

/** The column that an accountant would put a transfer into. */
function columnOf({ kind, src, dst }: TransferRecord): Column | undefined {
  if (src > 0 && dst > 0) return undefined;
  if (kind === TRANSFER_KIND.reverse) return src > 0 ? 'reversed' : 'restored';
  if (src < 0) return 'issued';
  if (dst === SYSTEM.breakage) return 'expired';
  return kind === TRANSFER_KIND.debt || kind === TRANSFER_KIND.adjust ? 'reversed' : 'redeemed';
}

describe('the programme report', () => {
  let db: TestDatabase;

  before(async () => {
    db = await createTestDatabase();
    for (const id of Object.values(CLASS)) {
      await db.pool.query(
        `insert into lot_class (id, programme, source, issuer, cost_num, cost_den, transferable, fungible, depth)
         overriding system value values ($1::integer, 0, 'earned', $2, 0, 1, true, true, $1::integer)`,
        [id, issuerOf(id)],
      );
    }
  });
  after(() => db.drop());

  const insert = async (transfers: readonly TransferRecord[]): Promise<void> => {
    await db.pool.query('truncate transfer');
    for (const row of transfers) {
      const { home, id, kind, src, dst, amount, slices, requestHome, requestKey, reason, at } = row;
      await db.pool.query(
        `insert into transfer (home, id, kind, src, dst, amount, slices, request_home, request_key, reason, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [home, id, kind, src, dst, amount, packLots(slices), requestHome, requestKey, reason, new Date(at)],
      );
    }
  };

  async function checkHistory(ledgers: TwoLedgers): Promise<void> {
    const { real, naive } = ledgers;
    await insert(real.transfers);
    const lines = await programmeReport(db.pool, { zone: ZONE, to: LAST });
    const sums = new Map<string, bigint>();
    const add = (key: string, points: bigint) => sums.set(key, (sums.get(key) ?? 0n) + points);
    for (const transfer of real.transfers) {
      const column = columnOf(transfer);
      if (column === undefined) continue;
      for (const { classId, points } of transfer.slices) {
        add(`${monthOf(transfer.at)} ${String(issuerOf(classId))} ${column}`, points);
      }
    }
    const shown = new Map<string, bigint>();
    for (const { month, issuer, outstanding, ...columns } of lines) {
      expect(outstanding >= 0n).to.equal(true, 'the lots of an issuer never exceed its issue');
      for (const [column, points] of Object.entries(columns)) {
        if (points !== 0n) shown.set(`${month} ${String(issuer)} ${column}`, points);
      }
    }
    expect(new Map([...shown].sort())).to.deep.equal(new Map([...sums].sort()));
    // What the members really have, by the other ledger.
    const has = new Map([0, PARTNER].map((issuer) => [issuer, 0n]));
    const held = naive.holds.filter(({ state }) => state === 'active').map(({ lots }) => lots);
    for (const lot of [...[...naive.members.values()].map(({ lots }) => lots), ...held].flat()) {
      const issuer = issuerOf(lot.lotClass);
      has.set(issuer, has.get(issuer)! + lot.points);
    }
    for (const [issuer, points] of has) {
      const last = lines.findLast((line) => line.issuer === issuer);
      expect(last?.outstanding ?? 0n).to.equal(points, `outstanding of issuer ${String(issuer)}`);
    }
  }

  const played = (steps: readonly (typeof history extends fc.Arbitrary<infer T> ? T : never)[number][]) => {
    const ledgers = new TwoLedgers();
    for (const step of steps) ledgers.take(step);
    return ledgers;
  };

  it('agrees with what members have, of several issuers (P16)', async () => {
    await fc.assert(
      fc.asyncProperty(history, (steps) =>
        checkHistory(played(steps.filter(({ kind }) => kind !== 'transfer'))),
      ),
      { numRuns: 40 },
    );
  });

  it('agrees with what members have who pass points on (P16)', async () => {
    await fc.assert(
      fc.asyncProperty(history, (steps) =>
        checkHistory(
          played(
            steps.map((step) =>
              step.lotClass === CLASS.partner ? { ...step, lotClass: CLASS.earned } : step,
            ),
          ),
        ),
      ),
      { numRuns: 40 },
    );
  });

  it('begins months in the zone, has no gaps and carries what is outstanding on', async () => {
    const slice = {
      classId: CLASS.partner,
      activeFrom: 0,
      expires: 1,
      points: 9_007_199_254_740_993n,
      origin: 0,
    };
    const transfer = (id: number, at: string, part: Partial<TransferRecord>): TransferRecord => ({
      home: 1,
      id,
      kind: TRANSFER_KIND.earn,
      src: SYSTEM.issue,
      dst: 16,
      amount: 1n,
      slices: [slice],
      requestHome: 1,
      requestKey: Buffer.alloc(16),
      reason: null,
      at: Date.parse(at),
      ...part,
    });
    await insert([
      // 31 January in London is 1 February in Moscow.
      transfer(1, '2026-01-31T21:00:00Z', {}),
      transfer(2, '2026-04-30T20:59:59.999Z', {
        kind: TRANSFER_KIND.spend,
        src: 16,
        dst: SYSTEM.redeemed,
        slices: [{ ...slice, points: 993n }],
      }),
      transfer(3, '2026-04-30T21:00:00Z', {}),
    ]);
    const line = { issuer: PARTNER, issued: 0n, redeemed: 0n, expired: 0n, reversed: 0n, restored: 0n };
    const all = slice.points;
    expect(await programmeReport(db.pool, { zone: ZONE, to: '2026-04' })).to.deep.equal([
      { ...line, month: '2026-02', issued: all, outstanding: all },
      { ...line, month: '2026-03', outstanding: all },
      { ...line, month: '2026-04', redeemed: 993n, outstanding: all - 993n },
    ]);
    const march = { zone: ZONE, from: '2026-03', to: '2026-03' };
    expect(await programmeReport(db.pool, march)).to.deep.equal([
      { ...line, month: '2026-03', outstanding: all },
    ]);
    expect(await programmeReport(db.pool, { zone: ZONE, to: '2025-12' })).to.deep.equal([]);
  });
});
