import type { MoveMoney, SwitchService } from '../billing/ports.ts';
import { expiresAt } from '../bonus/expiry.ts';
import { buyingSaga } from '../buying/buying-saga.ts';
import type { Texts } from '../channels/texts/texts.ts';
import { Fault } from '../errors.ts';
import { keyOf, ownerOf } from '../ledger/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { EARNED } from '../ledger/lot-classes.ts';
import type { Notice } from '../ledger/operation.ts';
import { OUTBOX_PRIORITY } from '../ledger/records.ts';
import { provisioningSaga } from '../redemptions/provisioning.ts';
import { findRedemption } from '../redemptions/store.ts';
import { switchOffSaga } from '../redemptions/switch-off.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Logger } from '../runtime/log.ts';
import { runDueSagas } from '../sagas/runner.ts';
import type { SagaType } from '../sagas/saga.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';
import type { Language } from '../values/language.ts';
import type { Catalogue } from './catalogue.ts';

/** The operator's billing system, as far as orders need it. */
export interface BillingSystem {
  readonly switchService: SwitchService;
  readonly moveMoney: MoveMoney;
}

export interface OrderDeps {
  readonly config: () => Config;
  readonly pool: PostgresPool;
  readonly ledger: Ledger;
  readonly subscribers: Subscribers;
  readonly catalogue: Catalogue;
  readonly texts: Texts;
  readonly billing: BillingSystem;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What goes on after the subscriber's own part of an order: answers how to run the steps that are due. */
export async function openOrders(deps: OrderDeps): Promise<{ runDue(): Promise<number> }> {
  const { pool, ledger, billing, clock, log } = deps;
  const bought = await ledger.classes.intern({ ...EARNED, source: 'bought', fungible: false });
  const findMsisdn = (account: number) => deps.subscribers.findNumber(BigInt(ownerOf(account)));
  const types: SagaType[] = [
    provisioningSaga({
      switchService: billing.switchService,
      findMsisdn,
      findItem: (version, code) => deps.catalogue.findItem(version, code),
      findRedemption: async (saga) => {
        const found = await findRedemption(pool, keyOf(saga.account), saga.subject!);
        if (found === undefined) throw new Fault('the order of a saga is not there');
        return found;
      },
      tell: (account, { fulfilled, item, points }) =>
        notice(deps, account, (language) =>
          deps.texts.say(fulfilled ? 'notice.order_ready' : 'notice.order_failed', language, {
            name: deps.catalogue.current().items.find(({ code }) => code === item)?.name[language] ?? item,
            points,
          }),
        ),
    }),
    switchOffSaga({ switchService: billing.switchService, findMsisdn }),
    buyingSaga({
      moveMoney: billing.moveMoney,
      findMsisdn,
      classId: bought.id,
      expiresAt: () => expiresAt(deps.config().programme),
      tell: (account, end) =>
        notice(deps, account, (language) =>
          deps.texts.say(end.bought ? 'notice.points_bought' : 'notice.purchase_declined', language, {
            points: end.points,
          }),
        ),
    }),
  ];
  return { runDue: () => runDueSagas({ ledger, pool, log, now: () => clock.now() }, types) };
}

/** A message to the owner of the account, when there is somebody to write to. */
async function notice(
  { subscribers, clock, config }: OrderDeps,
  account: number,
  say: (language: Language) => string,
): Promise<Notice | undefined> {
  const id = BigInt(ownerOf(account));
  const msisdn = await subscribers.findNumber(id);
  const owner = msisdn === undefined ? undefined : await subscribers.resolveNumber(msisdn, clock.now());
  if (msisdn === undefined || owner?.id !== id) return undefined;
  return {
    subscriber: Number(id),
    priority: OUTBOX_PRIORITY.service,
    smsc: null,
    source: config().sms.noticeSource,
    destination: msisdn,
    body: say(owner.language),
    receipt: true,
  };
}
