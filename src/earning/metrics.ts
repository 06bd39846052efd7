import { counter } from '../runtime/metrics.ts';

export const ruleFailures = counter(
  'bonusgate_earning_rule_failures_total',
  'Events and assessed members for which a rule failed; the other rules went on',
  ['rule'],
);

export const ruleRests = counter(
  'bonusgate_earning_rule_rests_total',
  'Times a rule failed so often in a row that it rests for a minute',
  ['rule'],
);

export const eventsRecorded = counter('bonusgate_earning_events_total', 'Business events by their result', [
  'result',
]);
