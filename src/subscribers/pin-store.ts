import type { Db } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';

/** One try of a PIN, as the database decides it. */
export interface PinTry {
  readonly subscriberId: bigint;
  readonly verifier: Buffer;
  /** Random for each try: both sides are hashed with it, so the time of the comparison tells nothing. */
  readonly blind: Buffer;
  readonly now: Instant;
  readonly lockedUntil: Instant;
  readonly attemptsMax: number;
  readonly windowEnds: Instant;
  readonly sprayFailuresMax: number;
}

/** `matched` is undefined when the try was not looked at: locked, or the breaker is open. */
export interface PinVerdict {
  readonly pinSet: boolean;
  readonly matched: boolean | undefined;
  /** Everybody's wrong PINs in this window, after a wrong one. */
  readonly windowFailures: number | undefined;
}

/**
 * Looks, compares, counts and locks in one statement. Tries of one subscriber queue at the row, and after the wait
 * Postgres evaluates the condition and the new values on the row as the previous try left it: never more tries than
 * allowed, through however many channels and daemons they come.
 */
const TRY = `
  with open_breaker as (
    select from pin_breaker where window_ends > $4 and failures >= $8
  ), tried as (
    update subscriber set
      pin_failures = case
        when sha256(pin_verifier || $3) = sha256($2::bytea || $3) then 0
        when pin_locked_until is not null then 1
        else pin_failures + 1 end,
      pin_locked_until = case
        when sha256(pin_verifier || $3) = sha256($2::bytea || $3) then null
        when (case when pin_locked_until is not null then 1 else pin_failures + 1 end) >= $6 then $5::timestamptz
        end
    where id = $1 and pin_verifier is not null
      and (pin_locked_until is null or pin_locked_until <= $4)
      and not exists (select from open_breaker)
    returning pin_failures = 0 as matched
  ), counted as (
    insert into pin_breaker as b (window_ends, failures)
    select $7::timestamptz, 1 from tried where not matched
    on conflict (only_row) do update set
      failures = case when b.window_ends <= $4 then 1 else b.failures + 1 end,
      window_ends = case when b.window_ends <= $4 then excluded.window_ends else b.window_ends end
    returning failures
  )
  select s.pin_verifier is not null as pin_set, tried.matched, counted.failures
    from subscriber s left join tried on true left join counted on true
   where s.id = $1`;

export async function tryPin(db: Db, pin: PinTry): Promise<PinVerdict | undefined> {
  const [row] = await db.query<{ pin_set: boolean; matched: boolean | null; failures: number | null }>(TRY, [
    pin.subscriberId,
    pin.verifier,
    pin.blind,
    new Date(pin.now),
    new Date(pin.lockedUntil),
    pin.attemptsMax,
    new Date(pin.windowEnds),
    pin.sprayFailuresMax,
  ]);
  if (row === undefined) return undefined;
  return {
    pinSet: row.pin_set,
    matched: row.matched ?? undefined,
    windowFailures: row.failures ?? undefined,
  };
}

/** Stores a new verifier and forgets failures; false when there is no such living subscriber. */
export async function updateVerifier(db: Db, subscriberId: bigint, verifier: Buffer): Promise<boolean> {
  const rows = await db.query(
    `update subscriber set pin_verifier = $2, pin_failures = 0, pin_locked_until = null
      where id = $1 and status <> 'terminated' returning id`,
    [subscriberId, verifier],
  );
  return rows.length === 1;
}
