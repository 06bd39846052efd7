import { listOrders } from '../bonus/plan-orders.ts';
import { partnerOperationRoutes } from '../channels/api/partner-operations.ts';
import { partnerStatementRoutes } from '../channels/api/partner-statements.ts';
import type { PartnerRoute, Route } from '../channels/api/route.ts';
import { apiRoutes } from '../channels/api/routes.ts';
import { walletOf } from '../ledger/keys.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { createAwards } from './awards.ts';
import type { Core } from './core.ts';
import { createReports } from './reports.ts';

/** The HTTP API, bound to this daemon's core. */
export function routesOf(
  core: Core,
  config: () => Config,
  pool: PostgresPool,
  clock: Clock,
): (Route | PartnerRoute)[] {
  const { earning, partners } = core;
  const { numberPlan } = config();
  return [
    ...apiRoutes({
      clock,
      subscribers: core.subscribers,
      recordEvents: earning.recordEvents,
      ...earning.api,
      ledger: core.ledgerApi,
      catalogue: core.catalogue,
      orders: (id) => listOrders(core.executeDeps, walletOf(id), clock.now()),
      partners: partners.admin,
      clearing: partners.clearing,
      brakes: core.brakes,
      awards: createAwards(pool, core.ledger),
      reports: createReports(config, pool, clock),
      numberPlan,
    }),
    ...partnerOperationRoutes({ partnerApi: partners.api, numberPlan }),
    ...partnerStatementRoutes({ clearing: partners.clearing }),
  ];
}
