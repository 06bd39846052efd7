import type { Db } from '../storage/postgres.ts';

/** What can be stopped by one command. */
export const BRAKES = ['transfers', 'redemptions', 'redirects', 'messages'] as const;
export type Brake = (typeof BRAKES)[number];

/** A brake as it was last moved. */
export interface BrakeState {
  readonly brake: Brake;
  readonly engaged: boolean;
  readonly reason: string;
  readonly actor: string;
  readonly at: Date;
}

/** The latest move of each brake that was ever moved. */
export function listBrakes(db: Db): Promise<BrakeState[]> {
  return db.query<BrakeState>(
    'select distinct on (brake) brake, engaged, reason, actor, at from brake_event order by brake, id desc',
  );
}

export async function insertBrakeEvent(
  db: Db,
  { brake, engaged, reason, actor, at }: BrakeState,
): Promise<void> {
  await db.query('insert into brake_event (brake, engaged, reason, actor, at) values ($1, $2, $3, $4, $5)', [
    ...[brake, engaged, reason, actor, at],
  ]);
}
