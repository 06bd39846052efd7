import { expect } from 'chai';
import { APPROVAL_STATE, approvalKind } from '../../src/ledger/kinds/approval.ts';
import { awardKind } from '../../src/ledger/kinds/award.ts';
import { benefitKind } from '../../src/ledger/kinds/benefit.ts';
import type { KeyedKind, OwnedKey } from '../../src/ledger/kinds/keyed.ts';
import { sagaKind } from '../../src/ledger/kinds/saga.ts';
import { toRead, toWrite } from '../../src/ledger/operation.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openTestLedger, openWallets, wallet, type TestLedger } from '../support/ledger.ts';
import { APPROVAL, AWARD, BENEFIT, SAGA } from '../support/owned-records.ts';

describe('records that belong to one account', () => {
  let db: TestDatabase;
  let ledger: TestLedger;
  const owner = wallet(7);
  const key = (serial: number): OwnedKey => ({ home: owner.home, account: owner.id, serial });

  before(async () => {
    db = await createTestDatabase();
    await openWallets(db.pool, [7]);
    ledger = await openTestLedger(db);
  });

  after(async () => {
    await ledger.close(1_000);
    await db.drop();
  });

  const put = <Row extends OwnedKey>(kind: KeyedKind<Row>, row: Row) =>
    ledger.run({
      keys: { accounts: [owner] },
      decide: () => ({ data: null, records: [toWrite(kind, row)] }),
    });

  async function get<Row extends OwnedKey>(kind: KeyedKind<Row>, at: OwnedKey): Promise<Row | undefined> {
    let found: Row | undefined;
    await ledger.run({
      keys: { accounts: [owner], records: [toRead(kind, at)] },
      decide: (view) => {
        found = view.find(kind, at);
        return { data: null };
      },
    });
    return found;
  }

  const version = async (): Promise<number> => {
    const [row] = await db.pool.query<{ version: number }>('select version from account where id = $1', [
      owner.id,
    ]);
    return row!.version;
  };

  const createdAt = 1_700_000_000_789;
  const samples = [
    { kind: awardKind, row: { ...key(1), ...AWARD, createdAt } },
    { kind: benefitKind, row: { ...key(2), ...BENEFIT, createdAt } },
    { kind: approvalKind, row: { ...key(3), ...APPROVAL, createdAt } },
    { kind: sagaKind, row: { ...key(4), ...SAGA, createdAt } },
  ] as const;

  for (const { kind, row } of samples) {
    it(`a ${kind.kind} comes back as it was written`, async () => {
      await put(kind as KeyedKind<typeof row>, row);
      expect(await get(kind as KeyedKind<typeof row>, row)).to.deep.equal(row);
    });
  }

  it('a later write changes what may change, and nothing else', async () => {
    const row = { ...key(10), ...APPROVAL, createdAt };
    await put(approvalKind, row);
    await put(approvalKind, {
      ...row,
      payload: '{"points":"999999"}',
      payloadHash: Buffer.alloc(32, 9),
      checker: 'boris',
      state: APPROVAL_STATE.executed,
    });
    expect(await get(approvalKind, row)).to.deep.equal({
      ...row,
      checker: 'boris',
      state: APPROVAL_STATE.executed,
    });
  });

  it('a write raises the version of its account', async () => {
    const before = await version();
    await put(sagaKind, { ...key(11), ...SAGA, createdAt });
    expect(await version()).to.equal(before + 1);
  });

  it('later operations of a batch see what earlier ones wrote', async () => {
    const row = { ...key(12), ...SAGA, createdAt };
    const seen: (string | undefined)[] = [];
    const step = (next: string) =>
      ledger.run({
        keys: { accounts: [owner], records: [toRead(sagaKind, row)] },
        decide: (view) => {
          seen.push(view.find(sagaKind, row)?.step);
          return { data: null, records: [toWrite(sagaKind, { ...row, step: next })] };
        },
      });
    await Promise.all([step('one'), step('two'), step('three')]);
    expect(seen).to.deep.equal([undefined, 'one', 'two']);
    expect((await get(sagaKind, row))?.step).to.equal('three');
  });

  it('one that was not named is a bug, not a record that does not exist', async () => {
    // Posting for an account stops after a bug, so this one has an account of its own.
    await openWallets(db.pool, [8]);
    const other = wallet(8);
    const failed = await ledger
      .run({
        keys: { accounts: [other] },
        decide: (view) => ({
          data: view.find(sagaKind, { home: other.home, account: other.id, serial: 999 }) ?? null,
        }),
      })
      .catch(String);
    expect(failed).to.contain('reads only records it named');
  });

  it('a maker cannot be the checker, whatever the program does', async () => {
    const failed = await put(approvalKind, {
      ...key(14),
      ...APPROVAL,
      createdAt,
      checker: APPROVAL.maker,
    }).catch((error: unknown) => String((error as Error).cause));
    expect(failed).to.contain('maker_is_not_checker');
  });
});
