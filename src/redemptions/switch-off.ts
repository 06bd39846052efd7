import type { SwitchService } from '../billing/ports.ts';
import { keyOf } from '../ledger/keys.ts';
import { ended, endStep, stepKey, type SagaType } from '../sagas/saga.ts';
import { SWITCH_OFF_SAGA } from './give-back.ts';

export interface SwitchOffDeps {
  switchService: SwitchService;
  findMsisdn(account: number): Promise<string | undefined>;
}

/** Tells billing that a service was given back, until billing has answered. */
export function switchOffSaga(deps: SwitchOffDeps): SagaType {
  return {
    type: SWITCH_OFF_SAGA,
    run: async (saga) => {
      const { service } = JSON.parse(saga.data) as { service: string };
      const msisdn = await deps.findMsisdn(saga.account);
      if (msisdn !== undefined) {
        await deps.switchService({ key: stepKey(saga, 'switch_off'), msisdn, service, on: false });
      }
      return {
        operation: 'switch_off_service',
        part: endStep(saga, { accounts: [keyOf(saga.account)] }, (_, present) => ({
          data: null,
          next: ended(present, 'switched_off'),
        })),
      };
    },
  };
}
