import { expect } from 'chai';
import fc from 'fast-check';
import { earn } from '../../src/ledger/decide/earn.ts';
import { KEY_AHEAD_MS, KEY_LIFE_MS, REQUESTS_KEPT_MS, timeOfKey } from '../../src/ledger/key-life.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import { clientRequest } from '../../src/ledger/request-key.ts';
import { DAY_MS, HOUR_MS } from '../../src/values/instant.ts';
import { wallet } from '../support/ledger.ts';
import { CLASS, DAY_ZERO, MemoryLedger } from '../support/memory-ledger.ts';

const MEMBER = 1;

/** RFC 9562 §5.7, with zeros where a real one has chance. */
function uuidV7(at: number, version = '7', variant = '8'): string {
  const hex = at.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-${version}000-${variant}000-000000000000`;
}

const onePoint = earn({
  to: wallet(MEMBER),
  points: 1n,
  classId: CLASS.earned,
  expiresAt: () => NEVER,
  from: 'issue',
  kind: 'earn',
  debtSharePpm: 0n,
});

describe('the time of a request key', () => {
  it('is that of a UUIDv7, as in the example of RFC 9562 appendix A.6', () => {
    expect(timeOfKey('017F22E2-79B0-7CC3-98C4-DC0C0C07398F')).to.equal(Date.UTC(2022, 1, 22, 19, 22, 22));
  });

  it('is read back from any UUIDv7', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 48 - 1 }),
        fc.constantFrom('8', '9', 'a', 'b', 'A', 'B'),
        (at, variant) => {
          expect(timeOfKey(uuidV7(at, '7', variant))).to.equal(at);
        },
      ),
    );
  });

  it('is not guessed from other versions, other variants, or a UUID with something around it', () => {
    for (const version of '012345689ab') expect(timeOfKey(uuidV7(1, version))).to.equal(undefined);
    for (const variant of '01234567cdef') expect(timeOfKey(uuidV7(1, '7', variant))).to.equal(undefined);
    for (const key of ['', 'order-1', `x${uuidV7(1)}`, `${uuidV7(1)} `, uuidV7(1).replaceAll('-', '')]) {
      expect(timeOfKey(key), key).to.equal(undefined);
    }
  });

  it('is the time of the fact where the key does not tell one', () => {
    expect(clientRequest('events shop', 'order-1', 17).keyTime).to.equal(17);
    expect(clientRequest('events shop', uuidV7(18), 17).keyTime).to.equal(18);
    expect(clientRequest('adjust shop', 'order-1')).not.to.have.property('keyTime');
  });
});

describe('a request under a key that tells its time', () => {
  let ledger: MemoryLedger;
  beforeEach(() => {
    ledger = new MemoryLedger().open(MEMBER);
  });

  const post = (keyTime: number) =>
    ledger.decide(onePoint, { ...ledger.newRequest(), ...clientRequest('test', 'key', keyTime) });
  const refused = { kind: 'refused', code: 'idempotency_key_expired', detail: {} };

  it('is carried out until the key is 62 days old', () => {
    expect(post(DAY_ZERO - 62 * DAY_MS)).to.deep.include({ kind: 'posted', replayed: false });
    expect(ledger.available(MEMBER)).to.equal(1n);
  });

  it('is refused after that, and leaves nothing behind', () => {
    expect(post(DAY_ZERO - 62 * DAY_MS - 1)).to.deep.equal({
      kind: 'posted',
      verdict: refused,
      replayed: false,
    });
    expect(ledger.available(MEMBER)).to.equal(0n);
    expect(ledger.requests).to.deep.equal([]);
  });

  it('is refused when the key is dated more than a day ahead', () => {
    expect(post(DAY_ZERO + DAY_MS + 1)).to.deep.include({ verdict: refused });
    expect(post(DAY_ZERO + DAY_MS)).not.to.deep.include({ verdict: refused });
  });

  it('is answered from the store at whatever age, while the answer is there', () => {
    const made = DAY_ZERO;
    post(made);
    ledger.now += 3 * KEY_LIFE_MS;
    expect(post(made)).to.deep.include({ replayed: true });
    expect(ledger.available(MEMBER)).to.equal(1n);
  });

  it('is never carried out twice, whenever it comes and whenever its row goes', () => {
    const hours = (from: number, to: number) =>
      fc.integer({ min: from / HOUR_MS, max: to / HOUR_MS }).map((count) => count * HOUR_MS);
    fc.assert(
      fc.property(
        hours(-2 * KEY_LIFE_MS, 2 * KEY_AHEAD_MS),
        fc.array(hours(0, KEY_LIFE_MS), { maxLength: 12 }),
        (made, waits) => {
          ledger = new MemoryLedger().open(MEMBER);
          for (const wait of waits) {
            post(DAY_ZERO + made);
            ledger.now += wait;
            // What retention does, on the latest clock that may be ours.
            const kept = ledger.requests.filter(
              ({ at }) => at >= ledger.now - (REQUESTS_KEPT_MS - (DAY_MS - 1)),
            );
            ledger.requests.splice(0, Infinity, ...kept);
          }
          expect(ledger.available(MEMBER) <= 1n).to.equal(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
