import { expect } from 'chai';
import type { CashbackChange, SnapshotChunk } from '../../src/cashback/changes.ts';
import { ACCEPTED, FOREVER_S, MEMBER } from '../../src/cashback/changes.ts';
import { currentCursor, listChanges, writeChanges } from '../../src/cashback/change-store.ts';
import { followChanges } from '../../src/cashback/follow.ts';
import {
  addAudience,
  bindIdentity,
  findMerchantOf,
  optOut,
  releaseIdentity,
  releaseSubscriber,
  saveMerchant,
} from '../../src/cashback/programme-store.ts';
import { listSnapshot } from '../../src/cashback/snapshot-store.ts';
import {
  findAnswer,
  pruneCashback,
  recordAnswer,
  recordShown,
  useNonce,
  type GivenAnswer,
} from '../../src/cashback/store.ts';
import { Snapshot } from '../../src/channels/redirect/snapshot.ts';
import { manualClock } from '../../src/runtime/clock.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import { createLogger } from '../../src/runtime/log.ts';
import { DAY_MS, instant, later } from '../../src/values/instant.ts';
import { feedIsCurrent } from '../support/cashback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const NOW = instant(1_760_000_000_000);
const NOW_S = NOW / 1_000;

describe('Cashback in Postgres', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  const answer = (
    subscriber: number,
    nonce: string,
    given: 'accepted' | 'declined' = 'accepted',
  ): GivenAnswer => ({
    subscriber,
    answer: given,
    merchant: 1,
    language: 'ru',
    trace: newTraceId(),
    nonce,
    nonceExpiresAt: later(NOW, 60_000),
  });
  const snapshot = async () => {
    const loaded = new Snapshot();
    for await (const chunk of listSnapshot(database.pool, 3)) loaded.load(chunk);
    return loaded;
  };

  describe('a nonce', () => {
    it('is used once, however many try at the same time', async () => {
      const tries = await Promise.all(
        Array.from({ length: 8 }, () => useNonce(database.pool, 'many', later(NOW, 1), NOW)),
      );
      expect(tries.filter(Boolean)).to.have.length(1);
    });

    it('is forgotten when no ticket with it can be valid any more', async () => {
      await useNonce(database.pool, 'old', later(NOW, 1), NOW);
      await pruneCashback(database.pool, later(NOW, 2), NOW);
      expect(await useNonce(database.pool, 'old', later(NOW, 10), NOW)).to.be.true;
    });
  });

  describe('an answer', () => {
    it('is stored once for one nonce', async () => {
      expect(await recordAnswer(database.pool, answer(11, 'n11'), NOW)).to.equal(1);
      expect(await recordAnswer(database.pool, answer(11, 'n11', 'declined'), NOW)).to.be.undefined;
      expect(await findAnswer(database.pool, 11)).to.deep.equal({ answer: 'accepted', version: 1 });
    });

    it('gets versions without gap or clash when several come at once', async () => {
      const nonces = ['a', 'b', 'c', 'd', 'e'];
      const versions = await Promise.all(
        nonces.map((nonce) => recordAnswer(database.pool, answer(12, nonce), NOW)),
      );
      expect(versions.sort()).to.deep.equal([1, 2, 3, 4, 5]);
    });

    it('leaves the nonce unused when it cannot be stored', async () => {
      const wrong = { ...answer(13, 'n13'), answer: 'maybe' as 'accepted' };
      const failed = await recordAnswer(database.pool, wrong, NOW).catch((error: unknown) => error);
      expect(failed).to.be.an('error');
      expect(await recordAnswer(database.pool, answer(13, 'n13'), NOW)).to.equal(1);
    });
  });

  describe('the snapshot', () => {
    it('has partners, bindings, audience, answers and shown offers, in pages of any size', async () => {
      const merchant = await saveMerchant(
        database.pool,
        { name: 'Corner Books', hosts: ['Books.Example:80', 'книги.рф', 'books.example.'] },
        NOW,
      );
      await addAudience(database.pool, [21n, 22n, 23n, 24n, 25n, 26n, 27n], NOW);
      await optOut(database.pool, 22n, NOW);
      await addAudience(database.pool, [22n], NOW);
      await recordAnswer(database.pool, answer(23, 'n23'), NOW);
      const shown = {
        subscriber: 24,
        merchant: merchant.id,
        host: 'books.example',
        nonce: 'n24',
        atS: NOW_S,
      };
      await recordShown(database.pool, [shown, { ...shown, nonce: 'n24b', atS: NOW_S - 50 }], NOW);
      await bindIdentity(database.pool, { identity: '10.0.0.21', subscriber: 21n }, NOW);
      await bindIdentity(
        database.pool,
        { identity: '2001:db8::21', subscriber: 22n, validTo: later(NOW, 5_000) },
        NOW,
      );
      await bindIdentity(database.pool, { identity: 'Anna', subscriber: 23n }, NOW);
      const loaded = await snapshot();
      expect(merchant.hosts).to.deep.equal(['books.example', 'xn--c1ajbfp.xn--p1ai']);
      expect(loaded.merchantOf('books.example')).to.equal(merchant.id);
      expect(loaded.merchantOf('xn--c1ajbfp.xn--p1ai')).to.equal(merchant.id);
      expect([21, 22, 23, 24, 27, 28].map((id) => loaded.flagsOf(id))).to.deep.equal([
        MEMBER,
        0,
        MEMBER + ACCEPTED,
        MEMBER,
        MEMBER,
        0,
      ]);
      expect(loaded.shownAtS(24)).to.equal(NOW_S);
      expect(loaded.subscriberOf('10.0.0.21', NOW_S)).to.equal(21);
      expect(loaded.subscriberOf('2001:db8::ffff', NOW_S + 4)).to.equal(22);
      expect(loaded.subscriberOf('2001:db8::ffff', NOW_S + 5)).to.equal(0);
      expect(loaded.subscriberOf('ANNA', NOW_S)).to.equal(23);
    });

    it('of one who answered outside the audience keeps the answer', async () => {
      await recordAnswer(database.pool, answer(999, 'n999', 'declined'), NOW);
      expect((await snapshot()).flagsOf(999)).not.to.equal(0);
    });

    it('takes a host from a merchant that no longer lists it', async () => {
      await saveMerchant(database.pool, { name: 'Tea', hosts: ['tea.example', 'chai.example'] }, NOW);
      const tea = await saveMerchant(database.pool, { name: 'Tea', hosts: ['tea.example'] }, NOW);
      expect(await findMerchantOf(database.pool, 'chai.example')).to.be.undefined;
      expect(await findMerchantOf(database.pool, 'tea.example')).to.deep.equal({ id: tea.id, name: 'Tea' });
    });

    it('is empty of chunks that cannot be loaded', async () => {
      const chunks: SnapshotChunk[] = [];
      for await (const chunk of listSnapshot(database.pool, 2)) chunks.push(chunk);
      expect(chunks.filter(({ table }) => table === 'subscribers').length).to.be.greaterThan(3);
    });
  });

  describe('the change feed', () => {
    it('tells every change, and applying it gives the snapshot that is read later', async () => {
      const followed = await snapshot();
      const from = await currentCursor(database.pool);
      await addAudience(database.pool, [31n], NOW);
      await bindIdentity(database.pool, { identity: '10.0.0.31', subscriber: 30n }, NOW);
      await bindIdentity(database.pool, { identity: '10.0.0.31', subscriber: 31n }, NOW);
      await bindIdentity(database.pool, { identity: '10.0.0.32', subscriber: 31n }, NOW);
      await releaseIdentity(database.pool, '10.0.0.32', NOW);
      await recordAnswer(database.pool, answer(31, 'n31'), NOW);
      await bindIdentity(database.pool, { identity: 'gone', subscriber: 33n }, NOW);
      await releaseSubscriber(database.pool, 33n, NOW);
      await feedIsCurrent(database.pool);
      const { changes } = await listChanges(database.pool, from);
      for (const change of changes) followed.apply(change);
      const read = await snapshot();
      for (const view of [followed, read]) {
        expect(view.subscriberOf('10.0.0.31', NOW_S)).to.equal(31);
        expect(view.subscriberOf('10.0.0.32', NOW_S)).to.equal(0);
        expect(view.subscriberOf('gone', NOW_S)).to.equal(0);
        expect(view.flagsOf(31)).to.equal(MEMBER + ACCEPTED);
      }
    });

    it('does not lose a transaction that began first and committed last', async () => {
      const change = (subscriber: number) => ({ kind: 'audience', subscriber, member: true }) as const;
      let cursor = await currentCursor(database.pool);
      const seen: CashbackChange[] = [];
      const read = async () => {
        const found = await listChanges(database.pool, cursor);
        seen.push(...found.changes);
        ({ cursor } = found);
      };
      await database.pool.transaction(async (slow) => {
        await writeChanges(slow, [change(41)], NOW);
        await database.pool.transaction((quick) => writeChanges(quick, [change(42)], NOW));
        await read();
      });
      await feedIsCurrent(database.pool);
      await read();
      expect(seen.map((found) => found.kind === 'audience' && found.subscriber)).to.have.members([41, 42]);
    });

    it('is followed: published by and by, and read anew after a long absence', async () => {
      const clock = manualClock(NOW);
      const published: CashbackChange[] = [];
      let reloads = 0;
      const follower = await followChanges({
        db: database.pool,
        clock,
        log: createLogger({ level: 'silent' }),
        intervalMs: 1_000,
        publish: (changes) => {
          published.push(...changes);
          return Promise.resolve();
        },
        reload: () => {
          reloads += 1;
          return Promise.resolve();
        },
      });
      await addAudience(database.pool, [51n], NOW);
      await feedIsCurrent(database.pool);
      await follower.poll();
      expect(published).to.deep.equal([{ kind: 'audience', subscriber: 51, member: true }]);
      await follower.poll();
      expect(published).to.have.length(1);
      clock.advance(DAY_MS);
      await follower.poll();
      expect(reloads).to.be.at.least(1);
      await follower.close();
    });
  });

  it('binds for ever unless told otherwise', () => {
    expect(FOREVER_S).to.equal(2 ** 32 - 1);
  });
});
