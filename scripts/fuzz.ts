/** The fuzz tests with many more inputs: FUZZ_COUNT of them per wire (200,000 unless set). */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('test.ts', import.meta.url));
const env = { ...process.env, FUZZ_COUNT: process.env['FUZZ_COUNT'] ?? '200000', TEST_DEADLINE_MIN: '240' };
const args = [
  '--import',
  'tsx',
  script,
  'test/**/*fuzz*.test.ts',
  '--timeout',
  '0',
  ...process.argv.slice(2),
];
const { status } = spawnSync(process.execPath, args, { env, stdio: 'inherit' });
process.exitCode = status ?? 1;
