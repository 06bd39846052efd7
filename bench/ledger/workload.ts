import { randomFillSync } from 'node:crypto';
import { captureHold, placeHold, voidHold, type Placed } from '../../src/ledger/decide/hold.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { transfer } from '../../src/ledger/decide/transfer.ts';
import { walletOf } from '../../src/ledger/keys.ts';
import type { Operation } from '../../src/ledger/operation.ts';
import { DAY_MS } from '../../src/values/instant.ts';

/** The mix: 55 % earn, 30 % spend, 5 % member transfer, 5 % hold, 5 % capture or void; uniform over the accounts. */
export interface Workload {
  next(): Operation;
  /** Tells the workload of a hold that a later operation may end. */
  placed(hold: Placed): void;
}

/** Subscriber ids `first` to `first + count - 1`. Points never run out: each account starts with a million. */
export function createWorkload(first: number, count: number, classId: number, sessionId: string): Workload {
  const holds: Placed['hold'][] = [];
  const monthEnd = Math.ceil(Date.now() / (30 * DAY_MS) + 12) * 30 * DAY_MS;
  const anyone = (): number => first + randomInt(count);
  const pick = (dice: number): Pick<Operation, 'keys' | 'decide'> => {
    const wallet = walletOf(anyone());
    const points = BigInt(1 + randomInt(20));
    if (dice < 55) {
      return earn({
        to: wallet,
        points,
        classId,
        expiresAt: () => monthEnd,
        from: 'issue',
        kind: 'earn',
        debtSharePpm: 0n,
      });
    }
    if (dice < 85) return spend({ from: wallet, points, to: 'redeemed', kind: 'spend' });
    if (dice < 90) {
      const to = walletOf(anyone());
      if (to.id === wallet.id) return pick(0);
      return transfer({ from: wallet, to, points, fee: 0n, classAfter: (id) => id, limits: [] });
    }
    const hold = holds.shift();
    if (dice < 95 || hold === undefined) return placeHold({ from: wallet, points, ttlMs: DAY_MS });
    const account = walletOf(Math.floor(hold.account / 16));
    if (dice % 2 === 0) return voidHold(account, hold.serial);
    return captureHold({ account, serial: hold.serial, points: 1n });
  };
  return {
    next: () => withRequest(pick(randomInt(100)), sessionId),
    placed: ({ hold }) => holds.push(hold),
  };
}

/** Octets that never repeat, cheaply: drawing them must not be what is measured. */
const pool = Buffer.alloc(32_768);
let used = pool.length;

function randomOctets(count: number): Buffer {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return Buffer.from(pool.subarray(used - count, used));
}

function randomInt(below: number): number {
  return Math.floor(Math.random() * below);
}

let serial = 0;

/** Every operation has a request and a reply; every second one came by SMS and leaves a fingerprint. */
function withRequest(part: Pick<Operation, 'keys' | 'decide'>, sessionId: string): Operation {
  const key = randomOctets(16);
  const { home } = part.keys.accounts[0]!;
  serial += 1;
  return {
    ...part,
    request: {
      home,
      key,
      contentHash: key,
      trace: key,
      channel: 0,
      actor: 'subscriber',
      operation: 'bench',
      ...(serial % 2 === 0 && {
        fresh: true,
        mo: { home, fingerprint: randomOctets(32), receivedAt: Date.now(), sessionId },
      }),
      reply: (_verdict, now) => ({
        subscriber: null,
        priority: 0,
        smsc: 'main',
        source: '1010',
        destination: '79160000001',
        body: 'You have 1 234 points. 100 points lapse on 30 November.',
        receipt: false,
        dueAt: now,
      }),
    },
  };
}
