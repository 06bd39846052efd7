import type { Programme } from '../bonus/programme.ts';
import type { RecordEvents } from '../channels/api/events.ts';
import { openParameters, type Parameters } from '../earning/parameters.ts';
import { createRecordEvents } from '../earning/record-events.ts';
import { createRecordMemberEvents, type RecordMemberEvents } from '../earning/record-member-events.ts';
import { followRules, type RuleSnapshot } from '../earning/snapshot.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Logger } from '../runtime/log.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';

/** How points are earned: parameters, the rules in force, and what records events. */
export interface Earning {
  readonly parameters: Parameters;
  readonly rules: RuleSnapshot;
  readonly recordMemberEvents: RecordMemberEvents;
  readonly recordEvents: RecordEvents;
  close(): void;
}

export interface EarningDeps {
  readonly pool: PostgresPool;
  readonly ledger: Ledger;
  readonly subscribers: Pick<Subscribers, 'resolveNumber'>;
  readonly clock: Clock;
  readonly log: Logger;
  config(): Config;
}

export async function openEarning(deps: EarningDeps): Promise<Earning> {
  const { pool, ledger, subscribers, clock, log } = deps;
  const programme = (): Programme => deps.config().programme;
  const parameters = await openParameters(pool);
  const rules = await followRules({ db: pool, parameters, clock, log, programme });
  const recordMemberEvents = await createRecordMemberEvents({
    ledger,
    rules,
    parameters,
    clock,
    log,
    programme,
    config: () => deps.config().earning,
  });
  return {
    parameters,
    rules,
    recordMemberEvents,
    recordEvents: createRecordEvents({
      record: recordMemberEvents,
      resolve: (msisdn, at) => subscribers.resolveNumber(msisdn, at),
    }),
    close: () => rules.stop(),
  };
}
