import { assert } from '../errors.ts';
import { textValue } from '../storage/pg-arrays.ts';
import type { Answer, Pipeline, Statement } from '../storage/pipeline.ts';
import { decideOne, type Decided, type DecideContext } from './decide-batch.ts';
import type { AccountKey } from './keys.ts';
import { accountReader, accountWriter } from './kinds/account.ts';
import { holdReader, holdWriter } from './kinds/hold.ts';
import {
  CHECK_MANIFEST,
  manifestEntry,
  readAll,
  type RecordReader,
  type RecordWriter,
} from './kinds/kind.ts';
import { moReader, moWriter } from './kinds/mo.ts';
import { outboxWriter } from './kinds/outbox.ts';
import { noticeWriter } from './kinds/notice.ts';
import { pendingReader, pendingWriter } from './kinds/pending.ts';
import { postingWriter } from './kinds/posting.ts';
import { requestReader, requestWriter } from './kinds/request.ts';
import { reversalReader, reversalWriter } from './kinds/reversal.ts';
import { transferWriter } from './kinds/transfer.ts';
import { UnknownLotClass, type LotClass } from './lot-classes.ts';
import type { Operation } from './operation.ts';
import { readsByKind, type LoadedRecords } from './owned-records.ts';
import { WorkingSet, type Writes } from './working-set.ts';

export interface BatchContext extends DecideContext {
  /** Added to the database's time: the demo clock. */
  offsetMs(): number;
  serial(): number;
  /** Fetches serials ahead, so that `serial` never has to wait. */
  refillSerials(): Promise<void>;
  /** @throws UnknownLotClass */
  classOf(id: number): LotClass;
  /** Reads the classes that other daemons interned. */
  reloadClasses(): Promise<void>;
  /** Called after a COMMIT that wrote notices. */
  onNotices?: () => void;
}

/**
 * Posts a batch of operations in one transaction: one message locks and loads, one writes and commits.
 *
 * Resolves only when every write answered and COMMIT answered `COMMIT`. A failed pipelined batch answers ROLLBACK
 * without an error, which is why the tag is checked.
 *
 * @throws Error when nothing was committed, or when it is unknown whether it was
 */
export async function runBatch(
  lane: Pipeline,
  operations: readonly Operation[],
  context: BatchContext,
): Promise<Decided[]> {
  await context.refillSerials();
  const set = await load(lane, operations, context);
  const decided = await decideAll(set, operations, context);
  await commit(lane, set.writes);
  if (set.writes.notices.size > 0) context.onNotices?.();
  return decided;
}

/** In order; one anew where a lot turned up whose class another daemon had interned. */
async function decideAll(
  set: WorkingSet,
  operations: readonly Operation[],
  context: BatchContext,
): Promise<Decided[]> {
  const all: Decided[] = [];
  for (const operation of operations) {
    let decided = decideOne(set, operation, context);
    if ('bug' in decided && decided.bug instanceof UnknownLotClass) {
      await context.reloadClasses();
      decided = decideOne(set, operation, context);
    }
    all.push(decided);
  }
  return all;
}

const DATABASE_NOW: Statement = {
  name: 'database_now',
  text: 'select floor(extract(epoch from clock_timestamp()) * 1000)',
};

async function load(
  lane: Pipeline,
  operations: readonly Operation[],
  context: BatchContext,
): Promise<WorkingSet> {
  const begun = lane.command('begin');
  const accounts = read(lane, accountReader, accountKeys(operations));
  const time = lane.send(DATABASE_NOW, []);
  const requests = read(
    lane,
    requestReader,
    operations.map(({ request }) => request).filter(({ fresh }) => fresh !== true),
  );
  const mos = read(
    lane,
    moReader,
    operations.flatMap(({ request }) => request.mo ?? []),
  );
  const holds = read(
    lane,
    holdReader,
    operations.flatMap(({ keys }) => keys.holds ?? []),
  );
  const pendings = read(
    lane,
    pendingReader,
    operations.flatMap(({ keys }) => keys.pendings ?? []),
  );
  const reversals = read(
    lane,
    reversalReader,
    operations.flatMap(({ keys }) => keys.reversals ?? []),
  );
  const records = readRecords(lane, operations);
  await settle<unknown>([begun, accounts, time, requests, mos, holds, pendings, reversals, ...records]);
  const now = Number((await time).rows[0]![0]) + context.offsetMs();
  const loaded = {
    accounts: await accounts,
    requests: await requests,
    mos: await mos,
    holds: await holds,
    pendings: await pendings,
    reversals: await reversals,
    records: await Promise.all(records),
  };
  return new WorkingSet(
    loaded,
    now,
    () => context.serial(),
    (id) => context.classOf(id),
  );
}

async function read<Key, Row>(
  lane: Pipeline,
  reader: RecordReader<Key, Row>,
  keys: readonly Key[],
): Promise<Row[]> {
  if (keys.length === 0) return [];
  return readAll(reader, await lane.send(reader.statement, reader.keys(keys)));
}

function readRecords(lane: Pipeline, operations: readonly Operation[]): Promise<LoadedRecords>[] {
  return readsByKind(operations).map(async ({ kind, keys }) => ({
    kind,
    rows: await read(lane, kind.reader, keys),
  }));
}

/** Each account once, in the order everybody locks them. */
function accountKeys(operations: readonly Operation[]): AccountKey[] {
  const byId = new Map<number, AccountKey>();
  for (const { keys } of operations) for (const key of keys.accounts) byId.set(key.id, key);
  return [...byId.values()].sort((a, b) => a.home - b.home || a.id - b.id);
}

/**
 * Writes, compares the manifest, commits.
 *
 * COMMIT leaves one turn of the loop after the writes: a statement that the client library refuses by itself rejects
 * in that turn, and then the transaction is rolled back instead.
 */
async function commit(lane: Pipeline, writes: Writes): Promise<void> {
  const manifest: string[] = [];
  const sent: Promise<Answer>[] = [];
  const write = <Row>(writer: RecordWriter<Row>, rows: readonly Row[]): void => {
    if (rows.length === 0) return;
    manifest.push(manifestEntry(writer.kind, rows.length));
    sent.push(lane.send(writer.statement, writer.values(rows)));
  };
  write(accountWriter, sortedAccounts(writes));
  write(requestWriter, writes.requests);
  write(transferWriter, writes.transfers);
  write(postingWriter, writes.postings);
  write(holdWriter, [...writes.holds.values()]);
  write(pendingWriter, [...writes.pendings.values()]);
  write(reversalWriter, [...writes.reversals.values()]);
  for (const { kind, rows } of writes.records.written()) write(kind, rows);
  write(moWriter, [...writes.mos.values()]);
  write(outboxWriter, writes.outbox);
  write(noticeWriter, [...writes.notices.values()]);
  const check = lane.send(CHECK_MANIFEST, [textValue(manifest.join(''))]);
  let refused: unknown;
  for (const answer of [...sent, check]) answer.catch((error: unknown) => (refused ??= error));
  await new Promise(setImmediate);
  const ending = lane.command(refused === undefined ? 'commit' : 'rollback');
  const answers = await settle([...sent, check, ending]);
  assert(answers.at(-1)!.command === 'COMMIT', 'COMMIT answers COMMIT');
  for (const answer of answers.slice(0, -1)) assert(answer.rowCount === 1, 'every write answers');
}

function sortedAccounts(writes: Writes) {
  return [...writes.accounts.values()].sort((a, b) => a.home - b.home || a.id - b.id);
}

/** Waits for all, then throws the first failure: no answer of a batch is left unread. */
async function settle<T>(answers: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(answers);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined)
    throw failed.reason instanceof Error ? failed.reason : new Error(String(failed.reason));
  return settled.map((result) => (result as PromiseFulfilledResult<T>).value);
}
