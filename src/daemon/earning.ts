import type { Programme } from '../bonus/programme.ts';
import type { RulesApi } from '../channels/api/earning.ts';
import type { RecordEvents } from '../channels/api/events.ts';
import type { ParametersApi } from '../channels/api/parameters.ts';
import { createAssessment } from '../earning/assessment.ts';
import { tellBirthdays } from '../earning/birthdays.ts';
import { openParameters, type Parameters } from '../earning/parameters.ts';
import { createRecordEvents } from '../earning/record-events.ts';
import { createRecordMemberEvents, type RecordMemberEvents } from '../earning/record-member-events.ts';
import { createRuleSets } from '../earning/rule-sets.ts';
import { followRules, type RuleSnapshot } from '../earning/snapshot.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Logger } from '../runtime/log.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';
import { parametersApi, rulesApi } from './earning-api.ts';

/** How points are earned: parameters, the rules in force, and what records events. */
export interface Earning {
  readonly parameters: Parameters;
  readonly rules: RuleSnapshot;
  readonly recordMemberEvents: RecordMemberEvents;
  readonly recordEvents: RecordEvents;
  readonly api: { readonly parameters: ParametersApi; readonly rules: RulesApi };
  /** Tells today's birthdays and works on assessment runs; every minute. */
  chores(): Promise<void>;
  /** Ends an assessment after the page in hand. */
  stopChores(): void;
  close(): void;
}

export interface EarningDeps {
  readonly pool: PostgresPool;
  readonly ledger: Ledger;
  readonly subscribers: Pick<Subscribers, 'resolveNumber' | 'findSubscriber'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly daemonId: number;
  config(): Pick<Config, 'programme' | 'earning'>;
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
  const ruleSets = createRuleSets({ pool, parameters, snapshot: rules, clock, programme });
  const assessment = await createAssessment({
    ...{ pool, ledger, parameters, snapshot: rules, clock, log, programme },
    owner: deps.daemonId,
    config: () => deps.config().earning,
  });
  const apiDeps = { parameters, ruleSets, snapshot: rules, assessment, subscribers, clock };
  return {
    api: { parameters: parametersApi(apiDeps), rules: rulesApi(apiDeps) },
    parameters,
    rules,
    recordMemberEvents,
    recordEvents: createRecordEvents({
      record: recordMemberEvents,
      resolve: (msisdn, at) => subscribers.resolveNumber(msisdn, at),
    }),
    chores: async () => {
      if (deps.config().earning.birthdays) {
        await tellBirthdays({ pool, record: recordMemberEvents, clock, zone: () => programme().zone });
      }
      await assessment.tick();
    },
    stopChores: () => assessment.stop(),
    close: () => rules.stop(),
  };
}
