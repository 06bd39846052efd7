import { expect } from 'chai';
import { createTokens, TOKEN_CACHE_MS, type Tokens } from '../../src/access/tokens.ts';
import { manualClock } from '../../src/runtime/clock.ts';
import type { Db } from '../../src/storage/postgres.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

describe('API tokens', () => {
  const clock = manualClock();
  let database: TestDatabase;
  let tokens: Tokens;

  before(async () => {
    database = await createTestDatabase();
    tokens = createTokens(database.pool, clock);
  });
  after(() => database.drop());

  it('are shown once and known by their secret alone', async () => {
    const secret = await tokens.createToken('shop', ['events:write']);
    expect(secret).to.match(/^bg_[\w-]{43}$/);
    expect(await tokens.verifyToken(secret!)).to.deep.equal({ name: 'shop', scopes: ['events:write'] });
    expect(await tokens.verifyToken(`${secret}x`)).to.equal(undefined);
    const stored = await database.pool.query<{ row: string }>('select api_token::text as row from api_token');
    expect(JSON.stringify(stored)).to.not.include(secret!.slice(3));
  });

  it('have names of their own for ever', async () => {
    await tokens.createToken('billing', ['ledger:read']);
    expect(await tokens.createToken('billing', ['ledger:write'])).to.equal(undefined);
    await tokens.revokeToken('billing');
    expect(await tokens.createToken('billing', ['ledger:write'])).to.equal(undefined);
    expect(await tokens.revokeToken('billing')).to.equal(false);
  });

  it('stop working here at once when revoked, and in another daemon within seconds', async () => {
    const elsewhere = createTokens(database.pool, clock);
    const secret = (await tokens.createToken('partner', ['events:write']))!;
    await Promise.all([tokens.verifyToken(secret), elsewhere.verifyToken(secret)]);
    await tokens.revokeToken('partner');
    expect(await tokens.verifyToken(secret)).to.equal(undefined);
    clock.advance(TOKEN_CACHE_MS);
    expect(await elsewhere.verifyToken(secret)).to.equal(undefined);
    const listed = (await tokens.listTokens()).find((token) => token.name === 'partner');
    expect(listed?.revokedAt).to.be.a('number');
  });

  it('are asked of the database once for many simultaneous requests, and again after a failure', async () => {
    let asked = 0;
    let down = false;
    const counting: Db = {
      query: (text, values) => {
        asked += 1;
        return down ? Promise.reject(new Error('down')) : database.pool.query(text, values);
      },
    };
    const secret = (await tokens.createToken('busy', ['ledger:read']))!;
    const fresh = createTokens(counting, clock);
    await Promise.all([1, 2, 3, 4].map(() => fresh.verifyToken(secret)));
    expect(asked).to.equal(1);
    clock.advance(TOKEN_CACHE_MS);
    down = true;
    expect(await fresh.verifyToken(secret).catch(() => 'failed')).to.equal('failed');
    down = false;
    expect((await fresh.verifyToken(secret))?.name).to.equal('busy');
  });
});
