import { expect } from 'chai';
import { manualClock } from '../../src/runtime/clock.ts';
import type { ClosingEvent } from '../../src/subscribers/subscriber.ts';
import type { Subscribers } from '../../src/subscribers/subscribers.ts';
import type { Msisdn } from '../../src/values/msisdn.ts';
import { DAY_MS, later } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { freshMsisdn, freshRequest, refusalOf, subscribersOf } from '../support/subscribers.ts';

describe('lifecycle of a subscriber', () => {
  const clock = manualClock();
  const wallets: bigint[] = [];
  let closed: { id: bigint; event: ClosingEvent }[] = [];
  let failClosing = false;
  let database: TestDatabase;
  let subscribers: Subscribers;

  before(async () => {
    database = await createTestDatabase();
    subscribers = subscribersOf(database.pool, clock, {
      wallets: {
        open: (_tx, id) => {
          wallets.push(id);
          return Promise.resolve();
        },
      },
      onClosed: (id, event) => {
        if (failClosing) return Promise.reject(new Error('store is down'));
        closed.push({ id, event });
        return Promise.resolve();
      },
    });
  });
  after(() => database.drop());
  beforeEach(() => {
    closed = [];
    clock.advance(1_000);
  });

  const register = async (msisdn: Msisdn): Promise<bigint> =>
    (await subscribers.register(freshRequest(), { msisdn, language: 'ru', zone: 'Europe/Moscow' }))
      .subscriberId;
  const ownerOf = (msisdn: Msisdn) => subscribers.resolveNumber(msisdn, clock.now());

  it('begins with a registration that opens a wallet', async () => {
    const msisdn = freshMsisdn();
    const id = await register(msisdn);
    expect(wallets).to.include(id);
    expect(await ownerOf(msisdn)).to.deep.equal({
      id,
      language: 'ru',
      zone: 'Europe/Moscow',
      status: 'active',
      pinSet: false,
      registeredAt: clock.now(),
    });
    expect(await subscribers.findNumber(id)).to.equal(msisdn);
  });

  it('leaves nothing behind when the wallet cannot be opened', async () => {
    const msisdn = freshMsisdn();
    const broken = subscribersOf(database.pool, clock, {
      wallets: { open: () => Promise.reject(new Error('no wallet')) },
    });
    const request = freshRequest();
    const failed = await broken
      .register(request, { msisdn, language: 'en', zone: 'UTC' })
      .catch((e: unknown) => e);
    expect(failed).to.be.instanceOf(Error).with.property('message', 'no wallet');
    expect(await ownerOf(msisdn)).to.equal(undefined);
    expect((await subscribers.register(request, { msisdn, language: 'en', zone: 'UTC' })).replayed).to.equal(
      false,
    );
  });

  it('does an event once, however often and however simultaneously it is reported', async () => {
    const msisdn = freshMsisdn();
    const request = freshRequest();
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map(() => subscribers.register(request, { msisdn, language: 'en', zone: 'UTC' })),
    );
    expect(new Set(answers.map((answer) => answer.subscriberId)).size).to.equal(1);
    expect(answers.filter((answer) => !answer.replayed)).to.have.length(1);
  });

  it('refuses an event id that was used for something else', async () => {
    const msisdn = freshMsisdn();
    const request = freshRequest();
    await subscribers.register(request, { msisdn, language: 'en', zone: 'UTC' });
    const again = subscribers.register(request, { msisdn, language: 'ru', zone: 'UTC' });
    expect(await refusalOf(again)).to.equal('idempotency_mismatch');
    expect(await refusalOf(subscribers.terminate(request, msisdn))).to.equal('idempotency_mismatch');
  });

  it('gives a number to one of many who ask for it at the same moment', async () => {
    const msisdn = freshMsisdn();
    const mover = freshMsisdn();
    await register(mover);
    const results = await Promise.all([
      ...[1, 2, 3, 4, 5, 6].map(() =>
        subscribers.register(freshRequest(), { msisdn, language: 'en', zone: 'UTC' }).then(
          () => 'given',
          (error: unknown) => (error as { code: string }).code,
        ),
      ),
      subscribers.changeNumber(freshRequest(), mover, msisdn).then(
        () => 'given',
        (error: unknown) => (error as { code: string }).code,
      ),
    ]);
    expect(results.filter((result) => result === 'given')).to.have.length(1);
    expect(results.filter((result) => result === 'number_in_use')).to.have.length(6);
  });

  it('is guarded by the database itself against two owners of one number in one period', async () => {
    const msisdn = freshMsisdn();
    const id = await register(msisdn);
    clock.advance(DAY_MS);
    await subscribers.terminate(freshRequest(), msisdn);
    const overlapping = database.pool.query(
      'insert into number (msisdn, subscriber, valid_from, valid_to) values ($1, $2, $3, $4)',
      [msisdn, id, new Date(clock.now() - 5_000), new Date(clock.now() + 5_000)],
    );
    const error = await overlapping.catch((e: unknown) => e);
    expect(error).to.have.property('constraint', 'number_has_one_owner_at_any_instant');
  });

  it('lets a recycled number inherit nothing', async () => {
    const msisdn = freshMsisdn();
    const first = await register(msisdn);
    await subscribers.setPin(first, '2580');
    await subscribers.setLanguage(freshRequest(), first, 'en');
    const while1 = clock.now();
    clock.advance(DAY_MS);
    await subscribers.terminate(freshRequest(), msisdn);
    expect(await ownerOf(msisdn)).to.equal(undefined);
    expect(await subscribers.verifyPin(first, '2580')).to.equal('not_set');

    clock.advance(DAY_MS);
    const second = await register(msisdn);
    expect(second).to.not.equal(first);
    expect(wallets).to.include(second);
    expect(await ownerOf(msisdn)).to.include({ id: second, language: 'ru', pinSet: false });
    expect(await subscribers.verifyPin(second, '2580')).to.equal('not_set');
    expect((await subscribers.resolveNumber(msisdn, while1))?.id).to.equal(first);
    expect(await subscribers.findNumber(first)).to.equal(undefined);
  });

  it('keeps the person when the number changes', async () => {
    const [from, to] = [freshMsisdn(), freshMsisdn()];
    const id = await register(from);
    await subscribers.setPin(id, '2580');
    clock.advance(1);
    await subscribers.changeNumber(freshRequest(), from, to);
    expect(await ownerOf(from)).to.equal(undefined);
    expect(await ownerOf(to)).to.include({ id, pinSet: true });
    expect(closed.map(({ id: who, event }) => [who, event.kind])).to.deep.equal([[id, 'change_number']]);
    expect(await refusalOf(subscribers.changeNumber(freshRequest(), to, to))).to.equal('number_in_use');
  });

  it('keeps the number when the owner changes, and tells a repetition who the new one is', async () => {
    const msisdn = freshMsisdn();
    const old = await register(msisdn);
    const request = freshRequest();
    const { subscriberId: heir } = await subscribers.changeOwner(request, msisdn, { language: 'en' });
    expect(heir).to.not.equal(old);
    expect(wallets).to.include(heir);
    expect(await ownerOf(msisdn)).to.include({
      id: heir,
      language: 'en',
      zone: 'Europe/Moscow',
      pinSet: false,
    });
    expect((await subscribers.findSubscriber(old))?.status).to.equal('terminated');
    expect(closed.map(({ id }) => id)).to.deep.equal([old]);
    expect(await subscribers.changeOwner(request, msisdn, { language: 'en' })).to.deep.equal({
      subscriberId: heir,
      replayed: true,
    });
  });

  it('suspends and resumes without touching the number', async () => {
    const msisdn = freshMsisdn();
    await register(msisdn);
    await subscribers.suspend(freshRequest(), msisdn);
    expect((await ownerOf(msisdn))?.status).to.equal('suspended');
    await subscribers.resume(freshRequest(), msisdn);
    expect((await ownerOf(msisdn))?.status).to.equal('active');
    expect(closed.map(({ event }) => event.kind)).to.deep.equal(['suspend']);
  });

  it('answers a repeated port-out after the number is gone, and refuses a new one', async () => {
    const msisdn = freshMsisdn();
    const id = await register(msisdn);
    const request = freshRequest();
    await subscribers.portOut(request, msisdn);
    expect(await subscribers.portOut(request, msisdn)).to.deep.equal({ subscriberId: id, replayed: true });
    expect(await refusalOf(subscribers.portOut(freshRequest(), msisdn))).to.equal('subscriber_unknown');
  });

  it('ends a subscriber once when two systems report the end at the same moment', async () => {
    const msisdn = freshMsisdn();
    await register(msisdn);
    const ends = await Promise.allSettled([
      subscribers.terminate(freshRequest(), msisdn),
      subscribers.portOut(freshRequest(), msisdn),
      subscribers.changeOwner(freshRequest(), msisdn, {}),
    ]);
    const events = await database.pool.query<{ n: bigint }>(
      `select count(distinct e.subscriber) as n from subscriber_event e join number n on n.id = e.old_number where n.msisdn = $1`,
      [msisdn],
    );
    // A change of owner that came first leaves a new owner for one of the others to end.
    expect(ends.filter((end) => end.status === 'fulfilled').length).to.equal(Number(events[0]!.n));
    for (const end of ends)
      if (end.status === 'rejected') expect(end.reason).to.have.property('code', 'subscriber_unknown');
  });

  it('carries out a closing later when it failed or the daemon died in between', async () => {
    const msisdn = freshMsisdn();
    const id = await register(msisdn);
    failClosing = true;
    await subscribers.terminate(freshRequest('closing-later'), msisdn);
    expect(await subscribers.retryClosings()).to.equal(0);
    failClosing = false;
    expect(await subscribers.retryClosings()).to.equal(1);
    expect(closed).to.deep.equal([
      { id, event: { eventId: 'closing-later', kind: 'terminate', at: clock.now() } },
    ]);
    expect(await subscribers.retryClosings()).to.equal(0);
  });

  it('never lets the journal of events be changed', async () => {
    await register(freshMsisdn());
    for (const sql of ['update subscriber_event set kind = kind', 'delete from subscriber_event']) {
      const error = await database.pool.query(sql).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(Error).with.property('message', 'subscriber_event is append-only');
    }
  });

  it('answers simultaneous questions about many numbers and moments, each with its own owner', async () => {
    const numbers = Array.from({ length: 20 }, freshMsisdn);
    const ids = await Promise.all(numbers.map(register));
    const then = clock.now();
    clock.advance(1_000);
    const first = numbers[0]!;
    const { subscriberId: heir } = await subscribers.changeOwner(freshRequest(), first, {});
    const now = clock.now();
    const [before, after, unknown, ...others] = await Promise.all([
      subscribers.resolveNumber(first, then),
      subscribers.resolveNumber(first, now),
      subscribers.resolveNumber(freshMsisdn(), now),
      ...numbers.slice(1).map((msisdn) => subscribers.resolveNumber(msisdn, then)),
    ]);
    expect([before?.id, after?.id, unknown]).to.deep.equal([ids[0], heir, undefined]);
    expect(others.map((owner) => owner?.id)).to.deep.equal(ids.slice(1));
    expect(await subscribers.resolveNumber(first, later(then, -DAY_MS))).to.equal(undefined);
  });
});
