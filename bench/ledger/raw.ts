import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { holdWriter } from '../../src/ledger/kinds/hold.ts';
import type { RecordWriter } from '../../src/ledger/kinds/kind.ts';
import { moWriter } from '../../src/ledger/kinds/mo.ts';
import { outboxWriter } from '../../src/ledger/kinds/outbox.ts';
import { postingWriter } from '../../src/ledger/kinds/posting.ts';
import { requestWriter } from '../../src/ledger/kinds/request.ts';
import { transferWriter } from '../../src/ledger/kinds/transfer.ts';
import type { Lot } from '../../src/ledger/lots.ts';
import type { Tally } from './tally.ts';

/** Rows of one statement. */
export const RAW_ROWS = 500;

/**
 * The floor: the same rows into the same tables and indexes, 500 per statement, with nothing read, locked or decided.
 * Per operation: a request, 0.95 transfers, a posting, an outbox row, half a fingerprint, a twentieth of a hold.
 */
export async function createRaw(url: string, clients: number, serial: () => number, sessionId: string) {
  const connections = await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  let turn = 0;
  return {
    /** Writes what {@link RAW_ROWS} operations would. */
    write: async (tally: Tally): Promise<void> => {
      const client = connections[turn++ % connections.length]!;
      const rows = makeRows(serial, sessionId);
      await client.query('begin');
      for (const [writer, values] of rows) {
        await client.query({ name: writer.kind, text: writer.statement.plain, values });
      }
      await client.query('commit');
      tally.requests += RAW_ROWS;
      tally.outbox += RAW_ROWS;
      tally.transfers += RAW_ROWS * 0.95;
      tally.postings += RAW_ROWS * 0.95;
      tally.holds += RAW_ROWS / 20;
      tally.mos += RAW_ROWS / 2;
    },
    end: () => Promise.all(connections.map((client) => client.end())),
  };
}

type Written = [RecordWriter<never>, Buffer[]];

interface RawOperation {
  readonly key: Buffer;
  readonly home: number;
  readonly account: number;
  readonly id: number;
}

function makeRows(serial: () => number, sessionId: string): Written[] {
  const now = Date.now();
  const ops: RawOperation[] = Array.from({ length: RAW_ROWS }, () => {
    const key = randomBytes(16);
    const owner = 20_000_000 + (key.readUInt32BE(0) % 100_000);
    return { key, home: owner % 1024, account: owner * 16, id: serial() };
  });
  return [...journalRows(ops, now), ...messageRows(ops, now, sessionId)];
}

function values<Row>(writer: RecordWriter<Row>, rows: Row[]): Written {
  return [writer, writer.values(rows)];
}

function journalRows(ops: readonly RawOperation[], now: number): Written[] {
  const lot: Lot = { classId: 1, activeFrom: 0, expires: now, points: 5n, origin: 0 };
  const moved = ops.slice(0, RAW_ROWS * 0.95);
  return [
    values(
      requestWriter,
      ops.map(({ home, key }) => ({
        ...{
          home,
          key,
          contentHash: key,
          trace: key,
          channel: 0,
          actor: 'subscriber',
          operation: 'bench',
          at: now,
        },
        verdict: { kind: 'done' as const, data: { points: 5n, available: 1000n, transfer: 'abc.def' } },
      })),
    ),
    values(
      transferWriter,
      moved.map(({ home, key, account, id }) => ({
        ...{ home, id, kind: 1, src: -1, dst: account, amount: 5n, slices: [lot] },
        ...{ requestHome: home, requestKey: key, reason: null, at: now },
      })),
    ),
    values(
      postingWriter,
      moved.map(({ home, account, id }) => ({
        ...{ home, account, transferHome: home, transfer: id, delta: 5n, balanceAfter: 1000n },
      })),
    ),
    values(
      holdWriter,
      ops.slice(0, RAW_ROWS / 20).map(({ home, account, id }) => ({
        ...{ home, account, serial: id, amount: 5n, captured: 0n, state: 2, slices: [lot] },
        ...{ expiresAt: now, createdAt: now },
      })),
    ),
  ];
}

function messageRows(ops: readonly RawOperation[], now: number, sessionId: string): Written[] {
  return [
    values(
      moWriter,
      ops.slice(0, RAW_ROWS / 2).map(({ home, key }) => ({
        ...{ home, fingerprint: randomBytes(32), firstAt: now, receivedAt: now, sessionId, inDoubt: false },
        requestKey: key,
      })),
    ),
    values(
      outboxWriter,
      ops.map(({ home, key, id }) => ({
        ...{
          home,
          id,
          subscriber: null,
          priority: 0,
          smsc: 'main',
          source: '1010',
          destination: '79160000001',
        },
        ...{ body: 'You have 1 234 points. 100 points lapse on 30 November.', receipt: false, trace: key },
        ...{ createdAt: now, dueAt: now, leaseOwner: 1, leaseUntil: now },
      })),
    ),
  ];
}
