import type { Clearing } from '../../clearing/clearing.ts';
import type { PartnerAdmin } from '../../partners/admin.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Subscribers } from '../../subscribers/subscribers.ts';
import type { NumberPlan } from '../../values/msisdn.ts';
import { awardRoutes, type AwardsApi } from './awards.ts';
import type { Brakes } from '../../controls/brakes.ts';
import { brakeRoutes } from './brakes.ts';
import { catalogueRoutes, type CatalogueRoutesDeps } from './catalogue.ts';
import { clearingRoutes } from './clearing.ts';
import { eventRoutes, type RecordEvents } from './events.ts';
import { ruleRoutes, type RulesApi } from './earning.ts';
import { ledgerRoutes, type LedgerApi } from './ledger.ts';
import { parameterRoutes, type ParametersApi } from './parameters.ts';
import { partnerRoutes } from './partners.ts';
import { reportRoutes, type ReportsApi } from './reports.ts';
import type { Route } from './route.ts';
import { subscriberRoutes } from './subscribers.ts';

export interface ApiDeps {
  readonly clock: Clock;
  readonly subscribers: Subscribers;
  readonly recordEvents: RecordEvents;
  readonly ledger: LedgerApi;
  readonly parameters: ParametersApi;
  readonly rules: RulesApi;
  readonly partners: PartnerAdmin;
  readonly clearing: Clearing;
  readonly awards: AwardsApi;
  readonly brakes: Pick<Brakes, 'list' | 'move'>;
  readonly reports: ReportsApi;
  readonly catalogue: CatalogueRoutesDeps['catalogue'];
  readonly orders: CatalogueRoutesDeps['orders'];
  /** How the country writes its own numbers; E.164 only when absent. */
  readonly numberPlan?: NumberPlan | undefined;
}

/** Every operation of the HTTP API, in the order of its documentation. */
export function apiRoutes(deps: ApiDeps): Route[] {
  return [
    ...eventRoutes(deps),
    ...subscriberRoutes(deps),
    ...ledgerRoutes(deps),
    ...awardRoutes(deps),
    ...parameterRoutes(deps),
    ...ruleRoutes(deps),
    ...partnerRoutes(deps),
    ...clearingRoutes(deps),
    ...reportRoutes(deps),
    ...catalogueRoutes(deps),
    ...brakeRoutes(deps),
  ];
}
