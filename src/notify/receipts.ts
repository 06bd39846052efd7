import type { Logger } from '../runtime/log.ts';
import { counter } from '../runtime/metrics.ts';
import type { Db } from '../storage/postgres.ts';
import { createLane } from './lane.ts';
import type { DeliveryReceipt, ReceiveReceipt } from './ports.ts';
import { applyReceipts } from './receipt-store.ts';

const receiptsTotal = counter('bonusgate_receipts_total', 'Delivery receipts by the state they tell', [
  'state',
]);

interface Waiting {
  readonly receipt: DeliveryReceipt;
  readonly answer: (stored: boolean) => void;
}

/** Receipts in one statement; the wire's window bounds how many wait. */
const BATCH_MAX = 500;

/** Stores receipts, many in one statement; false asks the SMSC to bring the receipt again. */
export function createReceiveReceipt(
  db: Db,
  log: Logger,
  onStored: () => void = () => undefined,
): ReceiveReceipt {
  const lane = createLane<Waiting>(BATCH_MAX, async (batch) => {
    let stored = true;
    try {
      await applyReceipts(
        db,
        batch.map(({ receipt }) => receipt),
      );
    } catch (error) {
      stored = false;
      log.error({ err: error, receipts: batch.length }, 'receipts not stored');
    }
    if (stored) onStored();
    for (const { receipt, answer } of batch) {
      if (stored) receiptsTotal.inc({ state: receipt.messageState });
      answer(stored);
    }
  });
  return (receipt) => {
    // An id that identifies nothing comes empty: there is nothing to store it with.
    if (receipt.messageId === '') return Promise.resolve(true);
    return new Promise((answer) => lane.add({ receipt, answer }));
  };
}
