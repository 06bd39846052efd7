import { expect } from 'chai';
import fc from 'fast-check';
import { FOREVER_S, MEMBER } from '../../../src/cashback/changes.ts';
import { PackedMap } from '../../../src/channels/redirect/packed-map.ts';
import { Snapshot } from '../../../src/channels/redirect/snapshot.ts';
import { createWorkerSnapshot } from '../../../src/channels/redirect/worker-snapshot.ts';

describe('The packed map', () => {
  it('holds what a Map holds', () => {
    const entry = fc.tuple(fc.oneof(fc.nat(50), fc.maxSafeNat()), fc.maxSafeNat(), fc.nat(0xffff_ffff));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 3_000 }), (entries) => {
        const packed = new PackedMap();
        const model = new Map<number, [number, number]>();
        for (const [key, value, mark] of entries) {
          packed.set(key, value, mark);
          model.set(key, [value, mark]);
        }
        expect(packed.size).to.equal(model.size);
        for (const [key, found] of model)
          expect([packed.valueOf(key), packed.markOf(key)]).to.deep.equal(found);
        expect(packed.valueOf(0x1f_ffff_0000_0000 / 2 + 1)).to.equal(0);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses keys that are no safe numbers', () => {
    for (const key of [-1, 0.5, 2 ** 53, NaN])
      expect(() => new PackedMap().set(key, 1, 1)).to.throw('assertion failed');
  });
});

describe('The decision snapshot', () => {
  it('finds each of two hundred thousand subscribers, in typed arrays', () => {
    const snapshot = new Snapshot();
    const rows = 5_000;
    for (let page = 0; page < 40; page++) {
      const ids = Float64Array.from({ length: rows }, (_, index) => page * rows + index + 1);
      const keys = Array.from(ids, (id) => `10.${(id >> 16) & 255}.${(id >> 8) & 255}.${id & 255}`);
      snapshot.load({ table: 'v4', keys, subscribers: ids, validToS: new Uint32Array(rows).fill(FOREVER_S) });
      snapshot.load({
        table: 'subscribers',
        ids,
        flags: new Uint8Array(rows).fill(MEMBER),
        shownAtS: new Uint32Array(rows),
      });
    }
    for (const id of [1, 65_536, 131_071, 200_000]) {
      const address = `10.${(id >> 16) & 255}.${(id >> 8) & 255}.${id & 255}`;
      expect(snapshot.subscriberOf(address, 1)).to.equal(id);
      expect(snapshot.flagsOf(id)).to.equal(MEMBER);
    }
    expect(snapshot.subscriberOf('10.200.0.1', 1)).to.equal(0);
  });
});

describe("A worker's snapshot", () => {
  const host = (name: string, merchant: number) => ({ kind: 'host', host: name, merchant }) as const;

  it('is not there before the first one is complete', () => {
    const snapshot = createWorkerSnapshot();
    expect(snapshot.apply(1, [host('a', 1)])).to.be.true;
    snapshot.begin(1);
    snapshot.load({ table: 'hosts', hosts: ['a'], merchants: Float64Array.of(1) });
    expect(snapshot.current()).to.be.undefined;
    snapshot.end();
    expect(snapshot.current()?.merchantOf('a')).to.equal(1);
  });

  it('keeps changes that came while the next one was loading', () => {
    const snapshot = createWorkerSnapshot();
    snapshot.begin(4);
    expect(snapshot.apply(5, [host('a', 7)])).to.be.true;
    snapshot.load({ table: 'hosts', hosts: ['a'], merchants: Float64Array.of(1) });
    snapshot.end();
    expect(snapshot.current()?.merchantOf('a')).to.equal(7);
  });

  it('applies a change to the old one while the next one is loading', () => {
    const snapshot = createWorkerSnapshot();
    snapshot.begin(0);
    snapshot.end();
    snapshot.begin(0);
    snapshot.apply(1, [host('a', 7)]);
    expect(snapshot.current()?.merchantOf('a')).to.equal(7);
  });

  it('notices a gap, and takes no harm from an old change', () => {
    const snapshot = createWorkerSnapshot();
    snapshot.begin(4);
    snapshot.end();
    expect(snapshot.apply(6, [host('a', 7)])).to.be.false;
    expect(snapshot.current()?.merchantOf('a')).to.equal(0);
    expect(snapshot.apply(4, [host('a', 7)])).to.be.true;
    expect(snapshot.current()?.merchantOf('a')).to.equal(0);
    expect(snapshot.apply(5, [host('a', 7)])).to.be.true;
  });
});
