import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** The daemon's only metrics registry, served at `/metrics` on the admin port. */
export const registry = new Registry();

/** Starts the process metrics, event loop delay included; called once by the daemon. */
export function collectProcessMetrics(): void {
  collectDefaultMetrics({ register: registry, prefix: 'bonusgate_' });
  // The library names these gauges like counters, which promtool refuses; the same by type stand beside them.
  for (const kind of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`bonusgate_nodejs_active_${kind}_total`);
}

/** A count that only grows. Names end in `_total`; labels never carry an MSISDN or any other personal value. */
export function counter<Label extends string>(
  name: `bonusgate_${string}_total`,
  help: string,
  labelNames: readonly Label[] = [],
): Counter<Label> {
  return new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
}

/** A value that goes up and down. */
export function gauge<Label extends string>(
  name: `bonusgate_${string}`,
  help: string,
  labelNames: readonly Label[] = [],
): Gauge<Label> {
  return new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
}

/** A distribution of seconds. */
export function histogram<Label extends string>(
  name: `bonusgate_${string}_seconds`,
  help: string,
  labelNames: readonly Label[] = [],
  buckets: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
): Histogram<Label> {
  return new Histogram({
    name,
    help,
    labelNames: [...labelNames],
    buckets: [...buckets],
    registers: [registry],
  });
}
