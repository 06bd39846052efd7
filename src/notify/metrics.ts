import { counter, gauge, histogram } from '../runtime/metrics.ts';

export const outcomes = counter('bonusgate_messages_total', 'Attempts to send a message by their result', [
  'priority',
  'result',
]);

export const queued = gauge(
  'bonusgate_messages_held',
  'Messages in the hands of this daemon, not yet settled',
);

export const durations = histogram(
  'bonusgate_message_submit_seconds',
  'From hand-over to the wire to its answer',
  ['priority'],
);
