import { counter, gauge, registry } from '../../runtime/metrics.ts';
import { LATENCY_BOUNDS_S, type WorkerReport } from './ipc.ts';

const requests = counter('bonusgate_icap_requests_total', 'ICAP requests by outcome and reason', [
  'outcome',
  'reason',
]);
const parseErrors = counter('bonusgate_icap_parse_errors_total', 'ICAP framing refused, by kind', ['kind']);
const deadlines = counter('bonusgate_icap_deadline_cuts_total', 'ICAP connections cut by a deadline', [
  'kind',
]);
const refusals = counter('bonusgate_icap_connections_refused_total', 'ICAP connections over the limit');
export const shownLost = counter(
  'bonusgate_icap_shown_lost_total',
  'audit records of redirects that were not stored',
);
export const workerRestarts = counter(
  'bonusgate_icap_worker_restarts_total',
  'ICAP workers that died and were restarted',
);
export const connectionsNow = gauge('bonusgate_icap_connections', 'ICAP connections now');
export const connectionsLimit = gauge('bonusgate_icap_connections_limit', 'ICAP connections allowed');
export const workersReady = gauge('bonusgate_icap_workers_ready', 'ICAP workers with a complete snapshot');
export const lastOptions = gauge(
  'bonusgate_icap_last_options_timestamp_seconds',
  'when a client last asked for OPTIONS; its age tells whether a DPI still knows us',
);

const latencies = {
  decision: latencyMetric('bonusgate_icap_decision_seconds', 'time to decide about a redirect'),
  answer: latencyMetric('bonusgate_icap_answer_seconds', 'time from the complete ICAP header to its answer'),
};

/** Adds a worker's report to the daemon's registry. */
export function addReport(report: WorkerReport, nowS: number): void {
  for (const [name, label, count] of report.counts) {
    if (name === 'request') {
      requests.inc(outcomeLabels(label), count);
      if (label === 'options') lastOptions.set(nowS);
    } else if (name === 'parse_error') parseErrors.inc({ kind: label }, count);
    else if (name === 'deadline') deadlines.inc({ kind: label }, count);
    else refusals.inc(count);
  }
  for (const { name, buckets, sumS } of report.latencies) latencies[name].add(buckets, sumS);
}

/** `pass_not_partner` is outcome `pass`, reason `not_partner`. */
function outcomeLabels(label: string): { outcome: string; reason: string } {
  const at = label.indexOf('_');
  return at < 0
    ? { outcome: label, reason: '' }
    : { outcome: label.slice(0, at), reason: label.slice(at + 1) };
}

/**
 * A histogram that takes whole buckets: prom-client's own takes one observation at a time, which at tens of thousands
 * of requests a second would cost the daemon more than the workers spend on answering them.
 */
function latencyMetric(name: string, help: string): { add(buckets: readonly number[], sumS: number): void } {
  const totals = new Array<number>(LATENCY_BOUNDS_S.length + 1).fill(0);
  let sumS = 0;
  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    collect: () => undefined,
    reset: () => undefined,
    get: () => {
      let seen = 0;
      const values: { labels: Record<string, string | number>; value: number; metricName: string }[] =
        totals.map((count, index) => ({
          labels: { le: LATENCY_BOUNDS_S[index] ?? '+Inf' },
          value: (seen += count),
          metricName: `${name}_bucket`,
        }));
      values.push({ labels: {}, value: sumS, metricName: `${name}_sum` });
      values.push({ labels: {}, value: seen, metricName: `${name}_count` });
      return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
    },
  };
  registry.registerMetric(metric as unknown as Parameters<typeof registry.registerMetric>[0]);
  return {
    add: (buckets, more) => {
      buckets.forEach((count, index) => (totals[index]! += count));
      sumS += more;
    },
  };
}
