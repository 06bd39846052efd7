import { expect } from 'chai';
import { prepaidPool } from '../../src/partners/quota.ts';
import { listPool } from '../../src/ledger/store.ts';
import { manualClock } from '../../src/runtime/clock.ts';
import { DAY_MS, instant, later } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openTestLedger, type TestLedger } from '../support/ledger.ts';
import { openTestProgramme, staff, termsOf, type TestProgramme } from '../support/programme.ts';
import { refusalOf } from '../support/subscribers.ts';

describe('partners of a joint programme', () => {
  const clock = manualClock();
  let database: TestDatabase;
  let ledger: TestLedger;
  let programme: TestProgramme;
  let serial = 0;

  before(async () => {
    database = await createTestDatabase();
    ledger = await openTestLedger(database);
    programme = openTestProgramme(ledger, clock);
  });
  after(async () => {
    await ledger.close(5_000);
    await database.drop();
  });

  const newPartner = async (): Promise<string> => {
    const code = `shop-${++serial}`;
    await programme.admin.save({ code, name: 'A shop', blocked: false });
    return code;
  };
  const day = (days: number) => later(clock.now(), days * DAY_MS);
  const publish = (code: string, reference: string, changes: Parameters<typeof termsOf>[0] = {}) =>
    programme.admin.publish(staff(), code, reference, termsOf(changes));

  it('has the operator as partner number 0 from the beginning', async () => {
    expect(await programme.admin.list()).to.deep.include({
      id: 0,
      code: 'operator',
      name: 'Operator',
      blocked: false,
    });
  });

  it('publishes an agreement that is in force in this daemon at once', async () => {
    const code = await newPartner();
    await publish(code, 'first', { validFrom: clock.now() });
    const book = await programme.published.current();
    const { id } = book.getPartner(code);
    expect(book.agreementAt(id, clock.now())).to.deep.include({ reference: 'first', partner: id });
    expect(() => book.agreementAt(id, clock.now() - 1)).to.throw('agreement_missing');
  });

  it('takes the same terms again for the same agreement, other terms for none', async () => {
    const code = await newPartner();
    const first = await publish(code, 'one');
    expect(await publish(code, 'one')).to.deep.equal(first);
    expect(await refusalOf(publish(code, 'one', { maxBackdateDays: 31 }))).to.equal('idempotency_mismatch');
  });

  it('refuses two agreements at one time, also when the end of one is moved over the other', async () => {
    const code = await newPartner();
    await publish(code, 'spring', { validFrom: day(0), validTo: day(90) });
    expect(await refusalOf(publish(code, 'other', { validFrom: day(89) }))).to.equal('agreement_overlaps');
    await publish(code, 'summer', { validFrom: day(90) });
    const move = programme.admin.end(code, 'spring', day(91));
    expect(await refusalOf(move)).to.equal('agreement_overlaps');
    const other = await newPartner();
    await publish(other, 'spring', { validFrom: day(0), validTo: day(90) });
  });

  it('ends an agreement from now on, never in the past', async () => {
    const code = await newPartner();
    await publish(code, 'one', { validFrom: day(-10) });
    const ended = await programme.admin.end(code, 'one', day(-5));
    expect(ended.validTo).to.equal(clock.now());
    expect(await refusalOf(programme.admin.end(code, 'two', day(0)))).to.equal('agreement_missing');
  });

  it('hands out at most two active keys, each secret once', async () => {
    const code = await newPartner();
    const made = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        programme.admin.makeKey(staff(), code, name).then(
          ({ secret }) => secret,
          () => 'refused',
        ),
      ),
    );
    expect(made.filter((secret) => secret?.startsWith('bgp_'))).to.have.length(2);
    expect(made.filter((secret) => secret === 'refused')).to.have.length(1);
    expect(new Set(made)).to.have.property('size', 3);
    const [kept] = ['a', 'b', 'c'].filter((_name, index) => made[index] !== 'refused');
    expect((await programme.admin.makeKey(staff(), code, kept!)).secret).to.equal(undefined);
  });

  it('changes over to a new key without a gap', async () => {
    const code = await newPartner();
    const holderOf = async (id: string) => (await programme.published.current()).findHolder(id)?.code;
    await programme.admin.makeKey(staff(), code, 'old');
    await programme.admin.makeKey(staff(), code, 'new');
    expect(await refusalOf(programme.admin.makeKey(staff(), code, 'third'))).to.equal('partner_keys_full');
    expect([await holderOf(`${code}.old`), await holderOf(`${code}.new`)]).to.deep.equal([code, code]);
    await programme.admin.revokeKey(code, 'old');
    expect(await holderOf(`${code}.old`)).to.equal(undefined);
    await programme.admin.makeKey(staff(), code, 'third');
    expect(await refusalOf(programme.admin.revokeKey(code, 'old'))).to.equal('partner_key_unknown');
    expect(await refusalOf(programme.admin.makeKey(staff(), 'operator', 'a'))).to.equal('partner_unknown');
  });

  it('sees what another daemon published once the book is no longer fresh', async () => {
    const other = openTestProgramme(ledger, clock);
    const code = await newPartner();
    await other.published.current();
    await publish(code, 'one');
    clock.advance(5_000);
    const book = await other.published.current();
    expect(book.agreementAt(book.getPartner(code).id, instant(clock.now())).reference).to.equal('one');
  });

  it('sells points in advance, once for each key, spread over the parts of the pool', async () => {
    const code = await newPartner();
    const topUp = (key: string, points: bigint) =>
      programme.admin.topUp(staff(), code, { idempotencyKey: key, points, reason: 'invoice 17' });
    expect(await refusalOf(topUp('a', 100n))).to.equal('agreement_missing');
    await publish(code, 'one', { model: 'prepaid_points', earnRate: { num: 25n, den: 2n } });
    expect(await topUp('a', 101n)).to.deep.equal({ left: 101n, dueMinor: 1_262n, replayed: false });
    expect(await topUp('a', 101n)).to.deep.equal({ left: 101n, dueMinor: 1_262n, replayed: true });
    expect(await refusalOf(topUp('a', 102n))).to.equal('idempotency_mismatch');
    const { id } = (await programme.published.current()).getPartner(code);
    const parts = await listPool(ledger.pool, prepaidPool(id));
    expect(parts.filter((part) => part === 6n || part === 7n)).to.have.length(16);
  });

  it('grants the cap of a postpaid agreement once, however often it is published', async () => {
    const code = await newPartner();
    const { id } = await publish(code, 'one', { cap: 1_000n });
    await publish(code, 'one', { cap: 1_000n });
    const parts = await listPool(ledger.pool, 20_000_000 + id);
    expect(parts.reduce((sum, part) => sum + part, 0n)).to.equal(1_000n);
  });
});
