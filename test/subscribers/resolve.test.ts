import { expect } from 'chai';
import type { Db } from '../../src/storage/postgres.ts';
import { createNumberResolver } from '../../src/subscribers/resolve.ts';
import { instant } from '../../src/values/instant.ts';
import type { Msisdn } from '../../src/values/msisdn.ts';

describe('number resolver', () => {
  it('asks the database once for everything asked in one turn', async () => {
    const asked: unknown[] = [];
    const db: Db = {
      query: (_text, values = []) => {
        asked.push(values[0]);
        return Promise.resolve([]);
      },
    };
    const resolve = createNumberResolver(db);
    const numbers = ['79160000001', '79160000002', '79160000001'] as Msisdn[];
    await Promise.all(numbers.map((msisdn) => resolve(msisdn, instant(1))));
    expect(asked).to.deep.equal([['79160000001', '79160000002']]);
  });

  it('tells everybody who asked when the database does not answer, and goes on afterwards', async () => {
    let down = true;
    const db: Db = { query: () => (down ? Promise.reject(new Error('down')) : Promise.resolve([])) };
    const resolve = createNumberResolver(db);
    const ask = () => resolve('79160000001' as Msisdn, instant(1));
    const failed = await Promise.allSettled([ask(), ask()]);
    expect(failed.map((one) => one.status)).to.deep.equal(['rejected', 'rejected']);
    down = false;
    expect(await ask()).to.equal(undefined);
  });
});
