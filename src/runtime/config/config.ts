import { z } from 'zod';
import { billingConfig } from './billing.ts';
import { cashbackConfig, returnKeyConfig } from './cashback.ts';
import { catalogueConfig } from './catalogue.ts';
import { earningConfig } from './earning.ts';
import { adminConfig, httpConfig } from './http.ts';
import { icapConfig } from './icap.ts';
import { ivrConfig } from './ivr.ts';
import { noticesConfig } from './notices.ts';
import { notifyConfig } from './notify.ts';
import { numberPlanConfig } from './number-plan.ts';
import { diskGuardConfig, ledgerConfig, lifecycleConfig, logConfig } from './operations.ts';
import { partnersConfig } from './partners.ts';
import { programmeConfig } from './programme.ts';
import { retentionConfig } from './retention.ts';
import { smsConfig } from './sms.ts';
import { smppConfig } from './smpp.ts';
import { storageConfig } from './storage.ts';
import { subscribersConfig } from './subscribers.ts';
import { ussdConfig } from './ussd.ts';

const sections = z.strictObject({
  programme: programmeConfig.prefault({}),
  earning: earningConfig.prefault({}),
  catalogue: catalogueConfig.prefault({}),
  billing: billingConfig.prefault({}),
  numberPlan: numberPlanConfig.prefault({}).describe('how people of this country write their own numbers'),
  subscribers: subscribersConfig.prefault({}),
  partners: partnersConfig.prefault({}),
  smpp: smppConfig,
  sms: smsConfig.prefault({}),
  ussd: ussdConfig.prefault({}),
  ivr: ivrConfig.prefault({}),
  icap: icapConfig.prefault({}),
  http: httpConfig.prefault({}),
  admin: adminConfig.prefault({}),
  cashback: cashbackConfig
    .extend({
      returnKeys: z
        .array(returnKeyConfig)
        .default([])
        .describe(
          'keys of the signed return URL, the signing one first; empty: one is made in the state folder',
        ),
    })
    .prefault({}),
  notify: notifyConfig.prefault({}),
  notices: noticesConfig.prefault({}),
  storage: storageConfig.prefault({}),
  ledger: ledgerConfig.prefault({}),
  retention: retentionConfig.prefault({}),
  diskGuard: diskGuardConfig.prefault({}),
  lifecycle: lifecycleConfig.prefault({}),
  log: logConfig.prefault({}),
});

/**
 * Everything that can be configured: one file, one schema.
 *
 * Each section stands in a file of its own beside this one; here they meet, with the rules that no section can check.
 */
export const configSchema = sections.superRefine((config, context) => {
  const complain = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  const { stopBelowMb, resumeAboveMb } = config.diskGuard;
  if (resumeAboveMb < stopBelowMb) {
    complain(['diskGuard', 'resumeAboveMb'], `must not be below diskGuard.stopBelowMb (${stopBelowMb})`);
  }
});

export type Config = z.output<typeof sections>;

/** Keys that take effect on SIGHUP; every other one needs a restart. */
export const RELOADABLE: readonly string[] = [
  'programme',
  'notices.operations',
  'earning',
  'log.level',
  'diskGuard.stopBelowMb',
  'diskGuard.resumeAboveMb',
  'cashback.title',
  'cashback.colour',
  'cashback.quietDays',
];
