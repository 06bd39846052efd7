import { counter, gauge } from '../../src/runtime/metrics.ts';

export const callsRunning = gauge('bonusgate_ivr_calls', 'Calls in conversation');

/** `how`: hangup (caller or script), transfer, limit, fault, stopped (by us), released (left to the dialplan), lost (no handshake). */
export const callsEnded = counter('bonusgate_ivr_calls_total', 'Calls by how they ended', ['how']);
