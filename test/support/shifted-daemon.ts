/**
 * The daemon with a clock that the control command `advance` moves, as in the demo: an entry file for tests in which
 * minutes pass. Started like `bonusgate run`.
 */
import { parseArgs } from 'node:util';
import { runDaemon } from '../../src/daemon/daemon.ts';
import type { Section } from '../../src/daemon/sections.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { loadConfig } from '../../src/runtime/config/load.ts';
import { createLogger } from '../../src/runtime/log.ts';
import { DAY_MS } from '../../src/values/instant.ts';

const { values } = parseArgs({
  allowPositionals: true,
  options: { config: { type: 'string', default: '' }, only: { type: 'string', default: '' } },
});
let offsetMs = 0;
const config = loadConfig(values.config);
const code = await runDaemon({
  config,
  configFile: values.config,
  home: process.env['BONUSGATE_HOME']!,
  version: 'test',
  only: values.only.split(',').filter((section) => section !== '') as Section[],
  clock: systemClock(() => offsetMs),
  log: createLogger({ level: config.log.level }),
  demoClock: {
    offsetMs: () => offsetMs,
    advance: (days) => {
      offsetMs += days * DAY_MS;
      return Promise.resolve();
    },
  },
});
process.exit(code);
