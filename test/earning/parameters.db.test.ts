import { expect } from 'chai';
import { openParameters, type Parameters } from '../../src/earning/parameters.ts';
import { DAY_MS } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { refusalOf } from '../support/subscribers.ts';

describe('loyalty parameters', () => {
  const now = Date.UTC(2026, 0, 31);
  let db: TestDatabase;
  let parameters: Parameters;

  before(async () => {
    db = await createTestDatabase();
    parameters = await openParameters(db.pool);
  });
  after(() => db.drop());

  const fact = (code: string, value: string, over: object = {}) => ({
    subscriber: 5n,
    code,
    asOf: now - DAY_MS,
    value,
    ...over,
  });
  const codes = async (...facts: ReturnType<typeof fact>[]) =>
    (await parameters.record(facts, 'billing', now)).map((one) =>
      one.kind === 'refused' ? one.code : 'recorded',
    );

  it("knows the usual ones, and takes the operator's own", async () => {
    expect(parameters.definitions().map(({ code }) => code)).to.include.members([
      'profitability',
      'late_payments',
      'average_spend',
      'birthday',
    ]);
    const vip = { code: 'vip', type: 'bool', unit: '', source: 'crm', description: 'by hand' } as const;
    await parameters.define(vip);
    await parameters.define({ ...vip, description: 'by contract' });
    expect(parameters.definitions()).to.deep.include({ ...vip, description: 'by contract' });
    expect(await refusalOf(parameters.define({ ...vip, type: 'int' }))).to.equal('parameter_invalid');
    expect(await refusalOf(parameters.define({ ...vip, code: 'tenure_months' }))).to.equal(
      'parameter_invalid',
    );
    expect(await codes(fact('vip', 'true'), fact('vip', 'yes', { subscriber: 6n }))).to.deep.equal([
      'recorded',
      'parameter_invalid',
    ]);
  });

  it('adds facts and never replaces one', async () => {
    expect(await codes(fact('late_payments', '1'), fact('late_payments', '1'))).to.deep.equal([
      'recorded',
      'recorded',
    ]);
    expect(await codes(fact('late_payments', '2'))).to.deep.equal(['parameter_conflict']);
    expect(await codes(fact('profitability', '1'), fact('profitability', '2'))).to.deep.equal([
      'recorded',
      'parameter_conflict',
    ]);
    const at = [{ subscriber: 5n, at: now }];
    expect(await parameters.valuesAsOf(at, ['late_payments', 'profitability'])).to.deep.equal([
      { late_payments: 1n, profitability: 1n },
    ]);
  });

  it('refuses what is not of the type, is unknown or lies ahead, each by itself', async () => {
    expect(
      await codes(
        fact('average_spend', '1.5'),
        fact('average_spend', '007'),
        fact('avarage_spend', '1'),
        fact('average_spend', '1', { asOf: now + 1 }),
        fact('birthday', '02-30'),
        fact('birthday', '2-3'),
        fact('birthday', '02-29'),
      ),
    ).to.deep.equal([
      'parameter_invalid',
      'parameter_invalid',
      'parameter_unknown',
      'parameter_invalid',
      'parameter_invalid',
      'parameter_invalid',
      'recorded',
    ]);
  });

  it('answers each member as of their own moment', async () => {
    const told = (subscriber: bigint, day: number, value: string) =>
      fact('monthly_spend', value, { subscriber, asOf: Date.UTC(2026, 0, day) });
    await codes(told(7n, 1, '10'), told(7n, 15, '20'), told(8n, 10, '30'));
    const asked = (subscriber: bigint, day: number) => ({ subscriber, at: Date.UTC(2026, 0, day) });
    expect(
      await parameters.valuesAsOf(
        [asked(7n, 14), asked(7n, 15), asked(8n, 9), asked(8n, 31)],
        ['monthly_spend'],
      ),
    ).to.deep.equal([{ monthly_spend: 10n }, { monthly_spend: 20n }, {}, { monthly_spend: 30n }]);
  });
});
