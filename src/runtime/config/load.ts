import { isDeepStrictEqual } from 'node:util';
import { configSchema, RELOADABLE, type Config } from './config.ts';
import { readYamlFile } from './yaml-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks the whole configuration before anything is opened.
 *
 * DATABASE_URL and REDIS_URL of the environment stand in where the file names no server. The result is frozen.
 *
 * @throws ConfigError with every mistake: file, line, key and what was probably meant
 */
export function loadConfig(file: string, environment: Environment = process.env): Config {
  const config = readYamlFile(file, configSchema, environment);
  return freeze({ ...config, storage: withServers(config.storage, environment) });
}

/** What a SIGHUP changes. */
export interface Reloaded {
  /** The configuration from now on: the new values of reloadable keys, the old ones of all others. */
  readonly config: Config;
  /** Keys that took effect. */
  readonly changed: readonly string[];
  /** Keys that differ in the file and wait for a restart. */
  readonly needsRestart: readonly string[];
}

/** Validates the whole file, then takes over the reloadable part. @throws ConfigError and changes nothing */
export function reloadConfig(
  current: Config,
  file: string,
  environment: Environment = process.env,
): Reloaded {
  const wanted = loadConfig(file, environment);
  const differing = differences(current, wanted);
  const changed = differing.filter(isReloadable);
  let config = current;
  for (const key of changed) config = replaceAt(config, key.split('.'), wanted);
  return { config: freeze(config), changed, needsRestart: differing.filter((key) => !isReloadable(key)) };
}

function isReloadable(key: string): boolean {
  return RELOADABLE.some((reloadable) => key === reloadable || key.startsWith(`${reloadable}.`));
}

/** Keys whose values differ, as deep as objects go; lists are compared as a whole. */
export function differences(before: unknown, after: unknown, key = ''): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isRecord(before) || !isRecord(after)) return [key];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) =>
    differences(before[name], after[name], key === '' ? name : `${key}.${name}`),
  );
}

function replaceAt<T>(target: T, [name, ...rest]: readonly string[], source: T): T {
  if (name === undefined) return source;
  const from = target as Record<string, unknown>;
  const to = source as Record<string, unknown>;
  return { ...target, [name]: replaceAt(from[name], rest, to[name]) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withServers(storage: Config['storage'], environment: Environment): Config['storage'] {
  const databaseUrl = storage.databaseUrl ?? nonEmpty(environment['DATABASE_URL']);
  const redisUrl = storage.redisUrl ?? nonEmpty(environment['REDIS_URL']);
  return {
    ...storage,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(redisUrl === undefined ? {} : { redisUrl }),
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
