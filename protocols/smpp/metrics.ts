import { counter, gauge, histogram } from '../../src/runtime/metrics.ts';

/** What the SMPP wire measures; labels are names from the configuration and the standard, never a subscriber. */
export const bindUp = gauge('bonusgate_smpp_bind_up', '1 while the bind is bound', ['smsc', 'bind']);
export const windowUsed = gauge('bonusgate_smpp_window_used', 'Requests sent and not answered', [
  'smsc',
  'bind',
]);
export const queueLength = gauge('bonusgate_smpp_queue_length', 'PDUs waiting to be sent', [
  'smsc',
  'bind',
  'priority',
]);
export const oldestUnanswered = gauge(
  'bonusgate_smpp_oldest_unanswered_seconds',
  'Age of the oldest request without answer',
  ['smsc', 'bind'],
);
export const reconnects = counter('bonusgate_smpp_reconnects_total', 'Connections lost or refused', [
  'smsc',
  'bind',
]);
export const pdus = counter('bonusgate_smpp_pdus_total', 'PDUs by direction, command and status', [
  'smsc',
  'bind',
  'direction',
  'command',
  'status',
]);
export const submitSeconds = histogram('bonusgate_smpp_submit_seconds', 'From submit_sm to its response', [
  'smsc',
  'bind',
]);
export const throttles = counter('bonusgate_smpp_throttled_total', 'Answers that asked for a lower rate', [
  'smsc',
  'bind',
]);
export const moAnswers = counter('bonusgate_smpp_mo_total', 'Messages received, by verdict', [
  'smsc',
  'bind',
  'verdict',
]);
export const receiptsReceived = counter('bonusgate_smpp_receipts_total', 'Delivery receipts by state', [
  'smsc',
  'bind',
  'state',
]);
export const incompleteMessages = counter(
  'bonusgate_smpp_incomplete_messages_total',
  'Long messages of which parts never came',
  ['smsc'],
);
export const ussdTurns = counter('bonusgate_smpp_ussd_turns_total', 'USSD turns by how they ended', [
  'smsc',
  'bind',
  'end',
]);
