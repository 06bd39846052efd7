import { expect } from 'chai';
import type { DeliveryReceipt, MessageState } from '../../src/notify/ports.ts';
import { matchEarlyReceipts } from '../../src/notify/receipt-store.ts';
import { createReceiveReceipt } from '../../src/notify/receipts.ts';
import { writeSettlements } from '../../src/notify/store.ts';
import { createLogger } from '../../src/runtime/log.ts';
import { instant } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertOutbox } from '../support/outbox.ts';

const NOW = 1_760_000_000_000;
const log = createLogger({ level: 'silent' });

describe('a receipt', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(() => database.pool.query('truncate outbox, sms_part, early_receipt'));

  const about = (
    messageId: string,
    messageState: MessageState,
    more: Partial<DeliveryReceipt> = {},
  ): DeliveryReceipt => ({
    smsc: 'north',
    bind: 'north-1',
    messageId,
    source: '79160000001',
    messageState,
    receivedAt: instant(NOW),
    ...more,
  });
  const receive = (receipt: DeliveryReceipt) => createReceiveReceipt(database.pool, log)(receipt);
  const sent = async (id: number, messageIds: readonly string[], at = NOW, destination = '79160000001') => {
    await insertOutbox(database.pool, { id, createdAt: at, destination }, 7);
    const parts = messageIds.map((messageId) => ({ smsc: 'north', messageId, destination }));
    await writeSettlements(database.pool, 7, [{ home: 1, id, state: 1, dueAt: null, at, parts }]);
  };
  /** `id/part state`, as stored. */
  const stored = async () => {
    const rows = await database.pool.query<{ outbox_id: bigint; part: number; message_state: number | null }>(
      'select outbox_id, part, message_state from sms_part order by 1, 2',
    );
    return rows.map(
      ({ outbox_id, part, message_state }) => `${String(outbox_id)}/${part} ${String(message_state)}`,
    );
  };
  const early = async () => (await database.pool.query('select 1 from early_receipt')).length;

  it('settles its part, and again changes nothing', async () => {
    await sent(1, ['a', 'b']);
    expect(await receive(about('b', 'delivered'))).to.equal(true);
    expect(await receive(about('b', 'delivered'))).to.equal(true);
    expect(await stored()).to.deep.equal(['1/1 null', '1/2 2']);
  });

  it('of an end is not undone by an older one that comes late', async () => {
    await sent(1, ['a']);
    await receive(about('a', 'enroute'));
    expect(await stored()).to.deep.equal(['1/1 1']);
    await receive(about('a', 'delivered'));
    await receive(about('a', 'enroute'));
    await receive(about('a', 'undeliverable'));
    expect(await stored()).to.deep.equal(['1/1 2']);
  });

  it('may come in the same batch as others of its message', async () => {
    await sent(1, ['a']);
    const all = createReceiveReceipt(database.pool, log);
    await Promise.all([
      all(about('a', 'enroute')),
      all(about('a', 'delivered')),
      all(about('a', 'accepted')),
    ]);
    expect(await stored()).to.deep.equal(['1/1 2']);
  });

  it('that comes before the response of its message waits for it', async () => {
    await receive(about('a', 'delivered'));
    await receive(about('a', 'delivered'));
    expect(await early()).to.equal(1);
    await matchEarlyReceipts(database.pool, NOW - 60_000);
    expect(await early(), 'still waiting').to.equal(1);
    await sent(1, ['a'], NOW + 5_000);
    await matchEarlyReceipts(database.pool, NOW - 60_000);
    expect(await stored()).to.deep.equal(['1/1 2']);
    expect(await early()).to.equal(0);
  });

  it('of nobody is forgotten after a while', async () => {
    await receive(about('x', 'delivered'));
    await matchEarlyReceipts(database.pool, NOW + 1);
    expect(await early()).to.equal(0);
  });

  it('belongs to the latest message of a number where ids are used again, and never to another number', async () => {
    await sent(1, ['same'], NOW - 86_400_000);
    await sent(2, ['same'], NOW);
    await sent(3, ['same'], NOW + 1, '79160000009');
    await receive(about('same', 'delivered'));
    expect(await stored()).to.deep.equal(['1/1 null', '2/1 2', '3/1 null']);
    await receive(about('same', 'expired', { source: '79160000005' }));
    await receive(about('same', 'expired', { smsc: 'south' }));
    expect(await stored()).to.deep.equal(['1/1 null', '2/1 2', '3/1 null']);
  });

  it('without an id is taken and matched to nothing', async () => {
    expect(await receive(about('', 'delivered'))).to.equal(true);
    expect(await early()).to.equal(0);
  });

  it('is asked for again when it could not be stored', async () => {
    const broken = { ...database.pool, query: () => Promise.reject(new Error('connection lost')) };
    expect(await createReceiveReceipt(broken, log)(about('a', 'delivered'))).to.equal(false);
  });
});
