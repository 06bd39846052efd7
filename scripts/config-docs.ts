/** Writes conf/gateway.schema.json and conf/gateway.yaml from the schema; `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { renderSchema, renderSample } from '../src/runtime/config/sample.ts';

const check = process.argv.includes('--check');

for (const [file, text] of [
  ['conf/gateway.schema.json', renderSchema()],
  ['conf/gateway.yaml', renderSample()],
] as const) {
  if (!check) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${file} is not what the schema says: run \`npm run config-docs\``);
    process.exitCode = 1;
  }
}
