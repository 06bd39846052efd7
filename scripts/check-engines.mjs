/** Fails when an installed package refuses Node 20.19: the promise of the README is kept by a check, not by hope. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const NODE = '20.19.0';
const semver = createRequire(import.meta.url)('semver');
const { packages } = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8'));

const refusing = Object.entries(packages).filter(([, { engines }]) => {
  const range = engines?.node;
  return typeof range === 'string' && !semver.satisfies(NODE, range);
});
for (const [where, { version, engines }] of refusing) {
  console.error(`${where} ${version} needs Node ${engines.node}, not ${NODE}`);
}
console.log(
  `${Object.keys(packages).length} packages checked for Node ${NODE}, ${refusing.length} refuse it`,
);
process.exitCode = refusing.length === 0 ? 0 : 1;
