import { createHash } from 'node:crypto';

/** Hashes of RFC 6962 §2.1: a leaf can never be taken for a node, nor a tree for another of the same octets. */

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

export function leafHash(content: string | Buffer): Buffer {
  return createHash('sha256').update(LEAF).update(content).digest();
}

/** Root of the tree over these leaf hashes, split at the largest power of two below their number (RFC 6962 §2.1). */
export function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  // Pairing neighbours level by level, an odd last one rising alone, gives the same tree as splitting.
  let level = leaves;
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const right = level[at + 1];
      above.push(right === undefined ? level[at]! : nodeHash(level[at]!, right));
    }
    level = above;
  }
  return level[0]!;
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}
