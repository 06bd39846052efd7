import { expect } from 'chai';
import fc from 'fast-check';
import { listedItems, priceListDraft } from '../../src/price-list/draft.ts';
import type { PublishedList } from '../../src/price-list/price-list.ts';
import { findNewestPriceList, findPriceList, publishPriceList } from '../../src/price-list/store.ts';
import { createItemFinder } from '../../src/price-list/versions.ts';
import { waitUntil } from '../../src/runtime/pause.ts';
import { createPool, POSTGRES_DEFAULTS, type PostgresPool } from '../../src/storage/postgres.ts';
import { prepareDatabase, runtimeUrl } from '../../src/storage/roles.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const NOW = new Date(1_760_000_000_000);
const COFFEE = { code: 'coffee', name: { en: 'Coffee', ru: 'Кофе' }, points: 80 };
const CINEMA = {
  code: 'cinema',
  name: { en: 'Cinema', ru: 'Кино' },
  points: 300,
  stock: { pool: 1, initially: 50 },
  voucherPattern: 'CF-####',
};
const CALLS = {
  code: 'calls20',
  name: { en: '20 % off calls', ru: 'Скидка 20 %' },
  kind: 'usage_discount',
  prices: [
    { to: '2026-12-01T00:00:00+03:00', points: 500 },
    { from: '2026-12-01T00:00:00+03:00', points: 400 },
  ],
  benefit: { scope: 'usage', service: 'voice.national', discountPpm: 200_000, days: 30 },
  provision: 'calls',
  cancelDays: 3,
  perMember: { id: 1, count: 2, window: 'month' },
};
type Draft = object;

describe('published price lists', () => {
  let db: TestDatabase;
  let runtime: PostgresPool;

  before(async () => {
    db = await createTestDatabase();
    await prepareDatabase(db.url, 'runtime password');
    const url = runtimeUrl(db.url, 'runtime password');
    runtime = createPool({ ...POSTGRES_DEFAULTS, url }, () => undefined);
  });
  beforeEach(() => db.pool.query('truncate price_list restart identity'));
  after(async () => {
    await runtime.end();
    await db.drop();
  });

  const publish = (...drafts: Draft[]): Promise<PublishedList> => publishing(false, drafts);
  const publishing = (unlessSeen: boolean, drafts: readonly Draft[]): Promise<PublishedList> => {
    const items = listedItems(priceListDraft.parse({ items: drafts }));
    return publishPriceList(runtime, { items, now: NOW, unlessSeen });
  };
  /** Without keys that say nothing. */
  const plain = (list: PublishedList | undefined): unknown =>
    JSON.parse(
      JSON.stringify(list, (_key, value: unknown) =>
        typeof value === 'bigint' ? `${String(value)}n` : value,
      ),
    );
  const rows = () =>
    db.pool.query<{ version: number; items: unknown; published_at: Date }>(
      'select version, items, published_at from price_list order by version',
    );

  it('number their items as they stand in the file, and price them in whole points', async () => {
    const list = await publish(COFFEE, CINEMA);
    const common = { kind: 'service', cancelDays: 0 };
    expect(list).to.deep.equal({
      version: 1,
      items: [
        { number: 1, code: 'coffee', name: COFFEE.name, prices: [{ points: 80n }], ...common },
        {
          number: 2,
          code: 'cinema',
          name: CINEMA.name,
          prices: [{ points: 300n }],
          stockPool: 1,
          voucherPattern: 'CF-####',
          ...common,
        },
      ],
    });
    expect((await rows())[0]!.published_at).to.deep.equal(NOW);
  });

  it('stay the same version while they say the same, and come back as they were written', async () => {
    const first = await publish(COFFEE, CINEMA, CALLS);
    expect(plain(await publish(COFFEE, CINEMA, CALLS))).to.deep.equal(plain(first));
    expect(plain(await findNewestPriceList(runtime))).to.deep.equal(plain(first));
    expect(await rows()).to.have.length(1);
  });

  it('do not become a new version because stock that was filled once is written down differently', async () => {
    await publish(CINEMA);
    const refilled = { ...CINEMA, stock: { pool: 1, initially: 900 } };
    expect((await publish(refilled)).version).to.equal(1);
  });

  const changes: readonly (readonly [string, Draft[]])[] = [
    ['a price', [{ ...COFFEE, points: 81 }, CINEMA]],
    ['a name', [{ ...COFFEE, name: { en: 'Coffee', ru: 'Капучино' } }, CINEMA]],
    ['a code', [{ ...COFFEE, code: 'espresso' }, CINEMA]],
    ['the order, and with it the numbers', [CINEMA, COFFEE]],
    ['a pool', [COFFEE, { ...CINEMA, stock: { pool: 2, initially: 50 } }]],
    ['a pattern of vouchers', [COFFEE, { ...CINEMA, voucherPattern: 'CX-####' }]],
    ['the days within which something may be given back', [COFFEE, { ...CINEMA, cancelDays: 1 }]],
    ['an item less', [COFFEE]],
  ];
  for (const [name, drafts] of changes) {
    it(`are a new version when they change ${name}, and the old one stays as it was`, async () => {
      await publish(COFFEE, CINEMA);
      const [before] = await rows();
      const changed = await publish(...drafts);
      expect(changed.version).to.equal(2);
      const after = await rows();
      expect(after).to.have.length(2);
      expect(after[0]).to.deep.equal(before);
    });
  }

  it('that return to what they were are a new version: quotes of the one between stay apart', async () => {
    const first = await publish(COFFEE);
    await publish(CINEMA);
    const third = await publish(COFFEE);
    expect(plain(third)).to.deep.equal(plain({ ...first, version: 3 }));
  });

  it('of a file do not undo what staff published since, however often the daemon starts', async () => {
    await publishing(true, [COFFEE]);
    const byStaff = await publish(CINEMA);
    expect(plain(await publishing(true, [COFFEE]))).to.deep.equal(plain(byStaff));
    expect(await rows()).to.have.length(2);
    expect((await publishing(true, [COFFEE, CINEMA])).version, 'another file is news').to.equal(3);
  });

  it('can be read for ever, so that an order is what it was when it was made', async () => {
    await publish(COFFEE, CALLS);
    await publish({ ...COFFEE, points: 90 });
    const find = createItemFinder(runtime);
    for (let turn = 0; turn < 2; turn++) {
      expect((await find(1, 'coffee'))!.prices).to.deep.equal([{ points: 80n }]);
      expect((await find(2, 'coffee'))!.prices).to.deep.equal([{ points: 90n }]);
      expect((await find(1, 'calls20'))!.benefit).to.deep.include({ effect: 'factor_ppm', value: 800_000n });
      expect(await find(2, 'calls20')).to.equal(undefined);
      expect(await find(3, 'coffee')).to.equal(undefined);
    }
    await publish(CINEMA);
    expect((await find(3, 'cinema'))?.number, 'a version that was not there yet').to.equal(1);
    expect(await findPriceList(runtime, 99)).to.equal(undefined);
  });

  it('are published once by daemons that start together', async () => {
    const both = () => Promise.all([publish(COFFEE, CINEMA), publish(COFFEE, CINEMA)]);
    const lists = await db.pool.transaction(async (tx) => {
      // Nobody can write until both have looked for a list that is not there yet.
      await tx.query('lock table price_list in share row exclusive mode');
      const publishing = both();
      await waitUntil(() => areWaiting(db.pool, 2), { timeoutMs: 10_000 });
      return { publishing };
    });
    const [first, second] = await lists.publishing;
    expect(plain(first)).to.deep.equal(plain(second));
    expect(await rows()).to.have.length(1);
  });

  it('cannot be changed by the daemon afterwards', async () => {
    await publish(COFFEE);
    for (const text of ['update price_list set items = items', 'delete from price_list']) {
      const failed = await runtime.query(text).catch(String);
      expect(failed, text).to.match(/permission denied/);
    }
  });

  it('keep every price to the point', async () => {
    const price = fc.oneof(
      fc.integer({ min: 1, max: 1_000_000_000 }),
      fc.constantFrom(1, 999_999_999, 1_000_000_000),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(price, { minLength: 1, maxLength: 99 }), async (prices) => {
        const drafts = prices.map((points, at) => ({ ...COFFEE, code: `item${String(at)}`, points }));
        const published = await publish(...drafts);
        const read = await publish(...drafts);
        expect(plain(read)).to.deep.equal(plain(published));
        expect(read.items.map((item) => item.prices)).to.deep.equal(
          prices.map((points) => [{ points: BigInt(points) }]),
        );
        expect(read.items.map(({ number }) => number)).to.deep.equal(prices.map((_, at) => at + 1));
      }),
      { numRuns: 25 },
    );
  });
});

/** True when so many wait for a lock in this database. */
async function areWaiting(pool: PostgresPool, count: number): Promise<true | undefined> {
  const waiting = await pool.query(
    `select 1 from pg_locks where not granted
      and database = (select oid from pg_database where datname = current_database())`,
  );
  return waiting.length >= count || undefined;
}
