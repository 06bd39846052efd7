/** Adds up the test runs recorded in a counts file and prints the one line: "N passed, N failed, N skipped". */
import { existsSync, readFileSync } from 'node:fs';

const file = process.argv[2];
const runs = existsSync(file)
  ? readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  : [];
const sum = (name) => runs.reduce((total, run) => total + (run[name] ?? 0), 0);
const skipped = sum('skipped') === 0 ? '' : `, ${sum('skipped')} skipped`;
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped}`);
