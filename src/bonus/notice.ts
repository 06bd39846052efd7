import type { Notice, Operation } from '../ledger/operation.ts';
import type { Msisdn } from '../values/msisdn.ts';

/** What a member did that another one is told about. */
export interface PointsReceived {
  readonly sender: bigint;
  readonly recipient: bigint;
  /** Number of the recipient, as it was when the transfer was carried out. */
  readonly to: Msisdn;
  readonly points: bigint;
}

/**
 * The message to the recipient, or undefined when there is nobody to tell. Made before the accounts are locked.
 *
 * Never rejects: points that can be moved are moved, told or not.
 */
export type NoticeOfPoints = (received: PointsReceived) => Promise<Notice | undefined>;

/** Lets a message to somebody else commit with what it tells about. */
export function withNotice(
  part: Pick<Operation, 'keys' | 'decide'>,
  notice: Notice | undefined,
): Pick<Operation, 'keys' | 'decide'> {
  if (notice === undefined) return part;
  return { ...part, decide: (view) => ({ ...part.decide(view), notices: [notice] }) };
}
