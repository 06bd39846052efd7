#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { CommanderError, type Command } from 'commander';
import { CliError, EXIT } from './cli/exit-codes.ts';
import { createProgram } from './cli/program.ts';
import { ConfigError } from './runtime/config/problem.ts';

/** package.json lies above src/ and above dist/src/. */
function readVersion(): string {
  const up = import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json';
  const { version } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string };
  return version;
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CliError) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.usage;
  }
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return EXIT.failed;
}

/** Commander would end the process with its own exit code; sub-commands at every depth must not either. */
function overrideExits(command: Command): void {
  command.exitOverride();
  command.commands.forEach(overrideExits);
}

const program = createProgram(readVersion());
overrideExits(program);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
