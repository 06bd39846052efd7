import { pino, type Logger as PinoLogger } from 'pino';

/** Structured log: constant phrases, data in fields. Call `child({ bind })`, `child({ call })` per connection. */
export type Logger = PinoLogger;

/** Paths that must never reach a log file whatever an author passes in. */
const REDACTED = ['password', 'secret', 'pin', 'text', 'code', 'authorization', 'cookie', 'token'];

export interface LogOptions {
  readonly level: string;
  /** Where lines go; standard output when absent. */
  readonly destination?: { write(line: string): void };
}

/** Creates the root logger; texts, PINs, codes and credentials are redacted at any of the first two levels. */
export function createLogger({ level, destination }: LogOptions): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    redact: { paths: REDACTED.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
