import { expect } from 'chai';
import { manualClock } from '../../src/runtime/clock.ts';
import type { Subscribers } from '../../src/subscribers/subscribers.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { freshMsisdn, freshRequest, refusalOf, subscribersOf } from '../support/subscribers.ts';

const LOCK_MS = 15 * 60_000;

describe('PIN', () => {
  const clock = manualClock();
  let database: TestDatabase;
  let subscribers: Subscribers;

  before(async () => {
    database = await createTestDatabase();
    subscribers = subscribersOf(database.pool, clock);
  });
  after(() => database.drop());
  beforeEach(() => clock.advance(60 * 60_000));

  const subscriberWithPin = async (pin: string): Promise<bigint> => {
    const registration = { msisdn: freshMsisdn(), language: 'en', zone: 'UTC' } as const;
    const { subscriberId } = await subscribers.register(freshRequest(), registration);
    await subscribers.setPin(subscriberId, pin);
    return subscriberId;
  };
  const tries = async (id: bigint, pins: readonly string[]): Promise<string[]> => {
    const results: string[] = [];
    for (const pin of pins) results.push(await subscribers.verifyPin(id, pin));
    return results;
  };

  it('is checked against what was set', async () => {
    const id = await subscriberWithPin('2580');
    expect(await tries(id, ['2580', '2581', '2580'])).to.deep.equal(['ok', 'wrong', 'ok']);
    expect(await subscribers.verifyPin(999_999n, '2580')).to.equal('not_set');
  });

  it('is stored only as a keyed verifier that differs between subscribers', async () => {
    const [one, two] = [await subscriberWithPin('2580'), await subscriberWithPin('2580')];
    const rows = await database.pool.query<{ v: string }>(
      `select encode(pin_verifier, 'hex') as v from subscriber where id = any ($1)`,
      [[one, two]],
    );
    expect(rows[0]!.v).to.have.length(64).and.not.equal(rows[1]!.v);
  });

  it('locks after three wrong ones in a row, and opens again after a quarter of an hour', async () => {
    const id = await subscriberWithPin('2580');
    expect(await tries(id, ['1111', '1112', '2580'])).to.deep.equal(['wrong', 'wrong', 'ok']);
    expect(await tries(id, ['1111', '1112', '1113', '2580'])).to.deep.equal([
      'wrong',
      'wrong',
      'wrong',
      'locked',
    ]);
    clock.advance(LOCK_MS - 1);
    expect(await subscribers.verifyPin(id, '2580')).to.equal('locked');
    clock.advance(1);
    expect(await tries(id, ['1111', '1112', '1113', '2580'])).to.deep.equal([
      'wrong',
      'wrong',
      'wrong',
      'locked',
    ]);
    clock.advance(LOCK_MS);
    expect(await subscribers.verifyPin(id, '2580')).to.equal('ok');
  });

  it('gives simultaneous guesses through several daemons no more than three tries together', async () => {
    const id = await subscriberWithPin('2580');
    const daemons = [subscribers, subscribersOf(database.pool, clock), subscribersOf(database.pool, clock)];
    const guesses = Array.from({ length: 60 }, (_, n) => daemons[n % 3]!.verifyPin(id, String(3_000 + n)));
    const results = await Promise.all(guesses);
    expect(results.filter((result) => result === 'wrong')).to.have.length(3);
    expect(results.filter((result) => result === 'locked')).to.have.length(57);
  });

  it('is refused when easy to guess, and setting one ends a lock-out', async () => {
    const id = await subscriberWithPin('2580');
    for (const pin of ['0000', '1234', '12', 'abcd']) {
      expect(await refusalOf(subscribers.setPin(id, pin))).to.equal('pin_weak');
    }
    await tries(id, ['1111', '1112', '1113']);
    await subscribers.setPin(id, '7413');
    expect(await tries(id, ['2580', '7413'])).to.deep.equal(['wrong', 'ok']);
    expect(await refusalOf(subscribers.setPin(999_999n, '7413'))).to.equal('subscriber_unknown');
  });

  it('stops being checked for everybody while somebody tries one guess on each of many numbers', async () => {
    const guarded = subscribersOf(database.pool, clock, {
      pin: { sprayFailuresMax: 10, sprayWindowMs: 60_000 },
    });
    const ids = await Promise.all(Array.from({ length: 14 }, () => subscriberWithPin('2580')));
    const results: string[] = [];
    for (const id of ids) results.push(await guarded.verifyPin(id, '7777'));
    expect(results.filter((result) => result === 'wrong')).to.have.length(10);
    expect(await guarded.verifyPin(ids[13]!, '2580')).to.equal('locked');
    clock.advance(60_000);
    expect(await guarded.verifyPin(ids[13]!, '2580')).to.equal('ok');
    expect(await guarded.verifyPin(ids[12]!, '1111')).to.equal('wrong');
    expect(await guarded.verifyPin(ids[13]!, '2580')).to.equal('ok');
  });
});
