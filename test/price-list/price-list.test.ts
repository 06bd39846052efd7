import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { Refusal } from '../../src/errors.ts';
import { loadPriceList } from '../../src/price-list/load.ts';
import { priceListDraft } from '../../src/price-list/draft.ts';
import { getItem, listAt, priceAt, type PriceList } from '../../src/price-list/price-list.ts';
import { pricedItem } from '../support/price-list.ts';

describe('a price list file', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'price-list-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const load = (...items: string[]) => {
    const file = path.join(folder, 'list.yaml');
    writeFileSync(file, `items:\n${items.map((item) => `  - ${item}\n`).join('')}`);
    return loadPriceList(file);
  };
  const item = (fields: Record<string, string> = {}): string => {
    const all = { code: 'coffee', name: '{ en: Coffee, ru: Кофе }', points: '80', ...fields };
    return `{ ${Object.entries(all)
      .map(([key, value]) => `${key}: ${value}`)
      .join(', ')} }`;
  };

  it('of the gateway is sound', () => {
    expect(loadPriceList('conf/price-list.yaml').items.length).to.be.greaterThan(0);
  });

  it('gives its items in order', () => {
    const { items } = load(item(), item({ code: 'tea', points: '30', stock: '{ pool: 3, initially: 10 }' }));
    expect(items.map(({ code, points, stock }) => [code, points, stock?.pool])).to.deep.equal([
      ['coffee', 80, undefined],
      ['tea', 30, 3],
    ]);
  });

  const mistakes: readonly (readonly [string, Record<string, string>, RegExp])[] = [
    ['no points', { points: '0' }, /points/],
    ['part of a point', { points: '1.5' }, /points/],
    ['negative points', { points: '-5' }, /points/],
    ['a code with a space', { code: "'a b'" }, /code/],
    ['a code that is a number: people order by number', { code: "'2'" }, /code/],
    ['a name in one language only', { name: '{ en: Coffee }' }, /name/],
    ['a stock of nothing', { stock: '{ pool: 1, initially: 0 }' }, /initially/],
    ['a voucher that is the same for everybody', { voucherPattern: 'CF-1' }, /voucherPattern/],
    ['a key that nobody knows', { price: '5' }, /price/],
  ];
  for (const [name, fields, message] of mistakes) {
    it(`is refused with ${name}, naming the line`, () => {
      expect(() => load(item({ code: 'tea' }), item(fields)))
        .to.throw(message)
        .with.property('name', 'ConfigError');
      expect(() => load(item({ code: 'tea' }), item(fields))).to.throw(/list\.yaml:3/);
    });
  }

  it('is refused when two items have one code, however it is written', () => {
    expect(() => load(item(), item({ code: 'Coffee' }))).to.throw(/list\.yaml:3.*is used above/s);
  });

  it('is refused when it is empty', () => {
    expect(() => load()).to.throw(/items/);
  });
});

describe('an item that somebody asks for', () => {
  const list: PriceList = {
    version: 1,
    items: ['coffee', 'Cinema2', '3d'].map((code, at) =>
      pricedItem({ number: at + 1, code, name: { en: code, ru: code }, points: 10n }),
    ),
  };

  it('is found by its number and by its code in whatever case, and always that one', () => {
    const mixed = (code: string) =>
      fc
        .array(fc.boolean(), { minLength: code.length, maxLength: code.length })
        .map((upper) =>
          Array.from(code, (letter, at) =>
            upper[at] === true ? letter.toUpperCase() : letter.toLowerCase(),
          ).join(''),
        );
    const asked = fc
      .constantFrom(...list.items)
      .chain((item) =>
        fc.tuple(fc.constant(item), fc.oneof(fc.constant(String(item.number)), mixed(item.code))),
      );
    fc.assert(
      fc.property(asked, fc.constantFrom('', ' ', '  '), ([item, text], space) => {
        expect(getItem(list, `${space}${text}${space}`)).to.equal(item);
      }),
    );
  });

  it('is refused when the list has no such number or code', () => {
    for (const text of ['0', '4', '01', '-1', '1.0', '', 'tea', 'coffee1', 'coff']) {
      expect(() => getItem(list, text), text)
        .to.throw(Refusal)
        .with.deep.include({ code: 'item_unknown', detail: { items: 3 } });
    }
  });
});

describe('dated prices', () => {
  const DAY = 86_400_000;
  const day = (at: number): string => new Date(at * DAY).toISOString();
  interface Period {
    readonly from: number | undefined;
    readonly to: number | undefined;
    readonly points: number;
  }
  const period: fc.Arbitrary<Period> = fc.record({
    from: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
    to: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
    points: fc.integer({ min: 1, max: 100 }),
  });
  /** Half days, before and after everything too: somebody looks at the calendar at each of them. */
  const moments = Array.from({ length: 30 }, (_, at) => at / 2 - 1);
  const inForce = (periods: readonly Period[], at: number): readonly Period[] =>
    periods.filter(({ from, to }) => (from ?? -Infinity) <= at && at < (to ?? Infinity));
  const draft = (periods: readonly Period[]) =>
    priceListDraft.safeParse({
      items: [
        {
          code: 'coffee',
          name: { en: 'Coffee', ru: 'Кофе' },
          prices: periods.map(({ from, to, points }) => ({
            points,
            ...(from !== undefined && { from: day(from) }),
            ...(to !== undefined && { to: day(to) }),
          })),
        },
      ],
    });

  it('are taken when no moment has two of them and each has a moment, and only then', () => {
    fc.assert(
      fc.property(fc.array(period, { minLength: 1, maxLength: 4 }), (periods) => {
        const clear = moments.every((at) => inForce(periods, at).length <= 1);
        const lasting = periods.every((one) => moments.some((at) => inForce([one], at).length === 1));
        expect(draft(periods).success).to.equal(clear && lasting);
      }),
      { numRuns: 1_000 },
    );
  });

  it('are the ones in force at the moment; without one the item is not for sale, and numbers stay', () => {
    fc.assert(
      fc.property(
        fc.array(period, { minLength: 1, maxLength: 4 }).filter((periods) => draft(periods).success),
        fc.constantFrom(...moments),
        (periods, at) => {
          const prices = periods.map(({ from, to, points }) => ({
            from: from === undefined ? undefined : from * DAY,
            to: to === undefined ? undefined : to * DAY,
            points: BigInt(points),
          }));
          const dated = pricedItem({
            number: 1,
            code: 'coffee',
            name: { en: 'a', ru: 'b' },
            points: 1n,
            prices,
          });
          const plain = pricedItem({ number: 2, code: 'tea', name: { en: 'a', ru: 'b' }, points: 7n });
          const wanted = inForce(periods, at)[0]?.points;
          expect(priceAt(dated, at * DAY)?.points).to.equal(
            wanted === undefined ? undefined : BigInt(wanted),
          );
          const { items } = listAt({ version: 1, items: [dated, plain] }, at * DAY);
          expect(items.map(({ number, points }) => [number, points])).to.deep.equal([
            ...(wanted === undefined ? [] : [[1, BigInt(wanted)]]),
            [2, 7n],
          ]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
