import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { leafHash, rootOf } from '../../src/audit/merkle.ts';

/** RFC 6962 §2.1 read aloud. */
function naiveRoot(contents: readonly string[]): Buffer {
  const sha = (...parts: (Buffer | string)[]): Buffer => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  if (contents.length === 0) return sha('');
  if (contents.length === 1) return sha(Buffer.of(0), contents[0]!);
  let split = 1;
  while (split * 2 < contents.length) split *= 2;
  return sha(Buffer.of(1), naiveRoot(contents.slice(0, split)), naiveRoot(contents.slice(split)));
}

describe('the Merkle tree', () => {
  it('is that of RFC 6962 for any number of leaves', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 40 }), (contents) => {
        expect(rootOf(contents.map(leafHash)).toString('hex')).to.equal(naiveRoot(contents).toString('hex'));
      }),
    );
  });

  it('does not take a node for a leaf', () => {
    const [a, b] = [leafHash('a'), leafHash('b')];
    expect(rootOf([a, b]).equals(leafHash(Buffer.concat([a, b])))).to.equal(false);
  });
});
