/**
 * Proves that the guards are tested: applies each small patch of test/mutants/*.json to a copy of the sources and demands
 * that the named test turns red.
 *
 * An entry is { name, file, find, replace, test }: `find` stands exactly once in `file`; `test` is what mocha is given,
 * for example "test/ledger/decide.test.ts" or ["test/ledger/decide.test.ts", "-g", "never negative"].
 *
 *   npm run test:mutants             all of them
 *   npm run test:mutants -- balance  those whose name contains "balance"
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { createRunFolder, removeLeftovers, removeRunFolder } from './servers/leftovers.ts';
import { providePostgres } from './servers/postgres.ts';
import type { Provided } from './servers/provided.ts';
import { provideRedis } from './servers/redis.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = path.join(ROOT, 'test', 'mutants');
const MUTANT_MS = 180_000;

const mutantSchema = z.strictObject({
  name: z.string().min(1),
  file: z.string(),
  find: z.string().min(1),
  replace: z.string(),
  test: z.union([z.string().transform((file) => [file]), z.array(z.string()).min(1)]),
});
type Mutant = z.output<typeof mutantSchema>;

function readMutants(): Mutant[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
  return files.flatMap((file) => {
    const list = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as unknown;
    return z.array(mutantSchema).parse(Array.isArray(list) ? list : [list]);
  });
}

/** Copies what the tests read; node_modules is shared. */
function copyTree(target: string): void {
  const skipped = new Set(['node_modules', 'dist', 'var', 'coverage', '.git']);
  mkdirSync(target);
  for (const name of readdirSync(ROOT)) {
    if (!skipped.has(name)) cpSync(path.join(ROOT, name), path.join(target, name), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(target, 'node_modules'));
}

interface TestRun {
  /** Undefined when mocha gave no verdict: it crashed or was ended. */
  readonly failed: number | undefined;
  readonly output: string;
}

async function runTests(tree: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<TestRun> {
  const counts = path.join(tree, 'counts.jsonl');
  rmSync(counts, { force: true });
  const mocha = path.join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const reporter = ['--reporter', path.join(tree, 'scripts', 'test-reporter.cjs')];
  const child = spawn(process.execPath, [mocha, ...reporter, '--exit', ...args], {
    cwd: tree,
    env: { ...process.env, ...env, BONUSGATE_TEST_COUNTS: counts },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), MUTANT_MS);
  await once(child, 'exit');
  clearTimeout(timer);
  const text = Buffer.concat(output).toString('utf8');
  if (!existsSync(counts)) return { failed: undefined, output: text };
  const { passed, failed } = JSON.parse(readFileSync(counts, 'utf8')) as { passed: number; failed: number };
  return { failed: passed + failed === 0 ? undefined : failed, output: text };
}

/** What is wrong with this mutant, or undefined when its test caught it. */
async function judge(mutant: Mutant, tree: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = path.join(tree, mutant.file);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const places = before.split(mutant.find).length - 1;
  if (places !== 1) return `its "find" stands ${places} times in ${mutant.file}, not once`;
  try {
    writeFileSync(
      file,
      before.replace(mutant.find, () => mutant.replace),
    );
    const { failed } = await runTests(tree, ['--bail', ...mutant.test], env);
    if (failed === undefined) return 'mocha gave no verdict: the test must turn red, not crash';
    return failed > 0 ? undefined : `SURVIVED: ${mutant.test.join(' ')} stayed green`;
  } finally {
    writeFileSync(file, before);
  }
}

async function main(filter: string | undefined): Promise<number> {
  const mutants = readMutants().filter(({ name }) => filter === undefined || name.includes(filter));
  await removeLeftovers();
  const folder = await createRunFolder();
  const servers: Provided[] = [];
  let failed = 0;
  const report = (name: string, complaint: string | undefined): void => {
    if (complaint !== undefined) failed += 1;
    console.log(complaint === undefined ? `  ✔ ${name}` : `  ✘ ${name}: ${complaint}`);
  };
  try {
    const postgres = await providePostgres(folder);
    servers.push(postgres);
    const redis = await provideRedis(folder);
    if (typeof redis !== 'string') servers.push(redis);
    const env = { DATABASE_URL: postgres.url, REDIS_URL: typeof redis === 'string' ? '' : redis.url };
    const trees = Array.from({ length: Math.min(2, availableParallelism()) }, (_, n) =>
      path.join(folder, `tree-${n}`),
    );
    trees.forEach(copyTree);
    const tests = [...new Set(mutants.map(({ test }) => test[0]!))];
    const unchanged = await runTests(trees[0]!, tests, env);
    if (unchanged.failed !== 0) {
      console.error(`the named tests are not green without any mutant:\n${unchanged.output}`);
      return 1;
    }
    const waiting = [...mutants];
    const work = async (tree: string): Promise<void> => {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        report(mutant.name, await judge(mutant, tree, env));
      }
    };
    await Promise.all(trees.map(work));
  } finally {
    for (const server of servers.reverse()) await server.stop();
    await removeRunFolder(folder);
  }
  const counts = { passed: mutants.length - failed, failed, skipped: 0 };
  console.log(`mutants: ${counts.passed} passed, ${counts.failed} failed`);
  const file = process.env['BONUSGATE_TEST_COUNTS'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(counts)}\n`);
  return failed === 0 && mutants.length > 0 ? 0 : 1;
}

process.exitCode = await main(process.argv[2]);
