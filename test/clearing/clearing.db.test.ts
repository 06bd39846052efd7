import { expect } from 'chai';
import { closeWallet } from '../../src/ledger/decide/close.ts';
import { MICRO } from '../../src/partners/rate.ts';
import { openClearingStage, type ClearingStage } from '../support/clearing.ts';
import { wallet } from '../support/ledger.ts';
import { refusalOf } from '../support/subscribers.ts';
import { staff, termsOf } from '../support/programme.ts';

const BOOKS_ONLY = 1;
const OPERATORS_ONLY = 2;
const money = (text: string): bigint => BigInt(Math.round(Number(text) * 100));

/** Bonus-core §3.8: shop P is `books`, operator T is the operator. */
describe('clearing', () => {
  let stage: ClearingStage;

  const totals = async (period: string) => {
    const { balance } = await stage.clearing.show(period);
    const of = (micro: bigint): bigint => micro / MICRO;
    return {
      pool: of(balance.poolMicro),
      reserve: of(balance.reserveMicro),
      debt: of(balance.debtMicro),
      margin: of(balance.marginMicro),
    };
  };
  const net = async (period: string, code: string): Promise<bigint> =>
    (await stage.clearing.statement(period, code)).netMinor;

  /** Issued 10 000, of which 500 come back; accepts 2 500 of its own and 1 500 of the operator's. */
  const playMonth = async (): Promise<void> => {
    await stage.gives('books', BOOKS_ONLY, 9_500n);
    await stage.refunds('books', await stage.gives('books', 3, 500n), 500n);
    await stage.operatorGives(OPERATORS_ONLY, 6_000n);
    await stage.accepts('books', BOOKS_ONLY, 2_500n);
    await stage.accepts('books', OPERATORS_ONLY, 1_500n);
    await stage.operatorAccepts(BOOKS_ONLY, 2_000n);
    await stage.operatorAccepts(OPERATORS_ONLY, 3_000n);
  };

  describe('the month of bonus-core §3.8', () => {
    let period: string;

    before(async () => {
      stage = await openClearingStage();
      period = stage.month();
      await playMonth();
      expect(await refusalOf(stage.clearing.close(period, 'staff')), 'not over yet').to.equal(
        'clearing_not_due',
      );
      stage.nextMonth();
      await stage.clearing.close(period, 'staff');
    });
    after(() => stage.close());

    it('has the numbers given there', async () => {
      expect(await net(period, 'books')).to.equal(money('740.00'));
      expect(await net(period, 'operator')).to.equal(money('220.00'));
      expect(await totals(period)).to.deep.equal({
        ...{ pool: money('960.00'), reserve: money('650.00'), debt: 0n, margin: money('310.00') },
      });
      const { positions } = await stage.clearing.show(period);
      expect(positions.reduce((sum, { outstanding }) => sum + outstanding, 0n)).to.equal(6_500n);
    });

    it('says what each partner pays and receives, line by line', async () => {
      const statement = await stage.clearing.statement(period, 'books');
      expect(statement).to.include({ issueMinor: money('1140'), burnMinor: -money('400'), state: 'closed' });
      const lines = await stage.clearing.lines(statement, 0, 100);
      expect(lines.map(({ kind, points, amountMinor }) => [kind, points, amountMinor])).to.have.deep.members([
        ['issue', 9_500n, money('1140')],
        ['issue', 500n, money('60')],
        ['issue', -500n, -money('60')],
        ['burn', 2_500n, -money('250')],
        ['burn', 1_500n, -money('150')],
      ]);
      expect(lines.every(({ reference }) => reference?.startsWith('n-'))).to.equal(true);
      expect(lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).to.equal(statement.netMinor);
      const operator = await stage.clearing.statement(period, 'operator');
      expect(operator.lines, 'sums only: issued, accepted of each issuer').to.equal(3);
    });

    it('stays as it is when it is closed again', async () => {
      const before = await stage.clearing.show(period);
      await stage.clearing.close(period, 'somebody else');
      expect(await stage.clearing.show(period)).to.deep.equal(before);
      expect(await stage.clearing.list()).to.have.length(1);
    });

    it('credits the issuer for 300 points that lapse', async () => {
      await stage.gives('books', 4, 300n);
      await stage.ledger.run(closeWallet(wallet(4), 'left'));
      const next = stage.month();
      stage.nextMonth();
      await stage.clearing.close(next, 'staff');
      const statement = await stage.clearing.statement(next, 'books');
      expect(statement).to.include({ issueMinor: money('36'), breakageMinor: -money('30') });
      expect(await totals(next)).to.deep.include({
        reserve: money('650'),
        margin: money('310') + money('6'),
      });
    });
  });

  describe('a statement', () => {
    let period: string;

    before(async () => {
      stage = await openClearingStage();
      period = stage.month();
      await playMonth();
      stage.nextMonth();
      await stage.clearing.close(period, 'staff');
    });
    after(() => stage.close());

    const answer = (saidMinor: bigint, reason = 'ours') =>
      stage.clearing.answer(period, 1, 'books.test', { saidMinor, reason });

    it('is disputed by another sum, confirmed by one within the tolerance, then paid', async () => {
      expect((await answer(money('750'))).state).to.equal('disputed');
      expect((await answer(money('750'))).state, 'said twice').to.equal('disputed');
      expect(
        await refusalOf(stage.clearing.decide(period, 'books', 'staff', { state: 'paid', reason: 'x' })),
      ).to.equal('clearing_state');
      expect((await answer(money('740.01'), 'found it')).state).to.equal('confirmed');
      const paid = { state: 'paid', reason: 'bank 17' } as const;
      expect((await stage.clearing.decide(period, 'books', 'staff', paid)).state).to.equal('paid');
      expect(await refusalOf(answer(0n))).to.equal('clearing_state');
    });

    it('is there for closed months and their parties only', async () => {
      expect(await refusalOf(stage.clearing.statement(stage.month(), 'books'))).to.equal('statement_unknown');
      expect(await refusalOf(stage.clearing.statement(period, 'coffee'))).to.equal('statement_unknown');
      expect(await refusalOf(stage.clearing.statement(period, 'nobody'))).to.equal('partner_unknown');
    });

    it('is corrected by a line of the next month, once', async () => {
      const correction = { key: 'c1', about: period, amountMinor: -1_234n, reason: 'agreed by letter' };
      expect(await stage.clearing.correct('books', 'staff', correction)).to.deep.equal({ replayed: false });
      expect(await stage.clearing.correct('books', 'staff', correction)).to.deep.equal({ replayed: true });
      const other = { ...correction, amountMinor: 1n };
      expect(await refusalOf(stage.clearing.correct('books', 'staff', other))).to.equal(
        'idempotency_mismatch',
      );
      const next = stage.month();
      stage.nextMonth();
      await stage.clearing.close(next, 'staff');
      expect(await net(next, 'books')).to.equal(-1_234n);
      expect(await totals(next)).to.deep.include({
        pool: money('960') - 1_234n,
        margin: money('310') - 1_234n,
      });
    });

    it('is a file that every spreadsheet reads', async () => {
      const file = await stage.clearing.file(await stage.clearing.statement(period, 'books'));
      const [head, ...rows] = file.trimEnd().split('\r\n');
      expect(head).to.equal(
        'line,kind,issuer,acceptor,points,rate,amount_micro,amount_minor,reference,occurred_at,posted_at',
      );
      expect(rows).to.have.length(5);
      expect(rows.join('\n')).to.match(/^\d,burn,operator,books,1500,10\/1,-15000000000,-15000,n-\d+,/m);
    });
  });

  describe('what makes books hard to balance', () => {
    beforeEach(async () => {
      stage = await openClearingStage({ coffee: { model: 'prepaid_points' } });
    });
    afterEach(() => stage.close());

    it('points taken back after they were spent are owed, and paid off later', async () => {
      const first = stage.month();
      const receipt = await stage.gives('books', 1, 100n);
      await stage.accepts('books', 1, 90n);
      await stage.refunds('books', receipt, 100n);
      stage.nextMonth();
      await stage.clearing.close(first, 'staff');
      expect(await totals(first)).to.deep.equal({ pool: -900n, reserve: 0n, debt: 900n, margin: 0n });
      const second = stage.month();
      await stage.operatorGives(1, 50n);
      stage.nextMonth();
      await stage.clearing.close(second, 'staff');
      expect(await totals(second)).to.deep.equal({ pool: -300n, reserve: 0n, debt: 400n, margin: 100n });
    });

    it('points bought in advance are paid already', async () => {
      const period = stage.month();
      await stage.programme.admin.topUp(staff(), 'coffee', {
        idempotencyKey: 'a',
        points: 5_000n,
        reason: 'invoice',
      });
      await stage.gives('coffee', 2, 1_000n);
      await stage.accepts('coffee', 2, 400n);
      stage.nextMonth();
      await stage.clearing.close(period, 'staff');
      expect(await stage.clearing.statement(period, 'coffee')).to.include({
        ...{ issueMinor: money('120'), prepaidMinor: -money('120'), burnMinor: -money('40') },
        netMinor: -money('40'),
      });
      expect(await totals(period)).to.deep.include({
        pool: money('80'),
        reserve: money('60'),
        margin: money('20'),
      });
    });

    it('points that are out are worth less under a new agreement', async () => {
      const first = stage.month();
      await stage.gives('books', 1, 1_000n);
      stage.nextMonth();
      await stage.clearing.close(first, 'staff');
      const now = stage.clock.now();
      await stage.programme.admin.end('books', 'one', now);
      const cheaper = termsOf({ burnRate: { num: 8n, den: 1n }, validFrom: now });
      await stage.programme.admin.publish(staff(), 'books', 'two', cheaper);
      const second = stage.month();
      stage.nextMonth();
      await stage.clearing.close(second, 'staff');
      expect(await totals(second)).to.deep.equal({
        pool: 12_000n,
        reserve: 8_000n,
        debt: 0n,
        margin: 4_000n,
      });
    });

    it('what commits after its month was closed falls into the next one', async () => {
      const first = stage.month();
      await stage.operatorGives(1, 100n);
      await stage.db.pool.transaction(async (tx) => {
        // As a batch of that month that takes long to commit.
        await tx.query(
          `insert into transfer (home, id, kind, src, dst, amount, slices, request_home, request_key, reason, at)
            select home, id + 1000000, kind, src, dst, amount, slices, request_home, request_key, reason, at from transfer`,
        );
        stage.nextMonth();
        await stage.clearing.close(first, 'staff');
      });
      const second = stage.month();
      stage.nextMonth();
      await stage.clearing.close(second, 'staff');
      const issuedBy = async (period: string) =>
        (await stage.clearing.show(period)).positions.map(({ issued }) => issued);
      expect(await issuedBy(first)).to.deep.equal([100n]);
      expect(await issuedBy(second)).to.deep.equal([200n]);
    });

    it('a month is closed after the one before it, and never without agreements', async () => {
      const first = stage.month();
      await stage.operatorGives(1, 100n);
      stage.nextMonth();
      const second = stage.month();
      stage.nextMonth();
      expect(await refusalOf(stage.clearing.close(second, 'staff'))).to.equal('clearing_not_due');
      expect(await stage.clearing.closeDue(0)).to.deep.equal([first, second]);
      expect(await stage.clearing.closeDue(0)).to.deep.equal([]);
    });
  });
});
