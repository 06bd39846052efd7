import type { Db } from '../storage/postgres.ts';
import { traitsKey, UnknownLotClass, type LotClass, type LotClassTraits } from './lot-classes.ts';

/** The interned lot classes, in memory. Rows are immutable, so a known one never goes stale. */
export interface LotClasses {
  /** @throws UnknownLotClass */
  get(id: number): LotClass;
  /** As {@link LotClasses.get}, but looks into the database for one that another daemon interned. */
  load(id: number): Promise<LotClass>;
  /** Id of a class that exists; the traits are interned first by {@link LotClasses.intern}. */
  find(traits: LotClassTraits): LotClass | undefined;
  intern(traits: LotClassTraits): Promise<LotClass>;
  /** Reads classes that another daemon interned meanwhile. */
  reload(): Promise<void>;
}

interface Row {
  id: number;
  programme: number;
  source: LotClass['source'];
  issuer: number;
  cost_num: bigint;
  cost_den: bigint;
  transferable: boolean;
  fungible: boolean;
  depth: number;
}

export async function loadLotClasses(db: Db): Promise<LotClasses> {
  const byId = new Map<number, LotClass>();
  const byTraits = new Map<string, LotClass>();
  const remember = (row: Row): LotClass => {
    const { cost_num: costNum, cost_den: costDen, ...rest } = row;
    const lotClass: LotClass = { ...rest, costNum, costDen };
    byId.set(lotClass.id, lotClass);
    byTraits.set(traitsKey(lotClass), lotClass);
    return lotClass;
  };
  const reload = async (): Promise<void> => {
    for (const row of await db.query<Row>('select * from lot_class')) remember(row);
  };
  const get = (id: number): LotClass => {
    const found = byId.get(id);
    if (found === undefined) throw new UnknownLotClass(`lot class ${String(id)} is not known`);
    return found;
  };
  await reload();
  return {
    get,
    load: async (id) => {
      if (!byId.has(id)) await reload();
      return get(id);
    },
    find: (traits) => byTraits.get(traitsKey(traits)),
    intern: async (traits) => byTraits.get(traitsKey(traits)) ?? remember(await insert(db, traits)),
    reload,
  };
}

async function insert(db: Db, traits: LotClassTraits): Promise<Row> {
  const values = [
    traits.programme,
    traits.source,
    traits.issuer,
    traits.costNum,
    traits.costDen,
    traits.transferable,
    traits.fungible,
    traits.depth,
  ];
  await db.query(
    `insert into lot_class (programme, source, issuer, cost_num, cost_den, transferable, fungible, depth)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    values,
  );
  const rows = await db.query<Row>(
    `select * from lot_class where programme = $1 and source = $2 and issuer = $3 and cost_num = $4
       and cost_den = $5 and transferable = $6 and fungible = $7 and depth = $8`,
    values,
  );
  return rows[0]!;
}
