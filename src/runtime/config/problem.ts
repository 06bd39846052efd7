/** One mistake in a configuration file, with where to look and what to write instead. */
export interface ConfigProblem {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** `smpp.smscs[0].port`; empty for the file as a whole. */
  readonly key: string;
  readonly message: string;
}

/** All mistakes of a file at once, one per line: `conf/gateway.yaml:12:3: smpp.port: ...`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(describe).join('\n'));
    this.problems = problems;
  }
}

function describe({ file, line, column, key, message }: ConfigProblem): string {
  return `${file}:${line}:${column}: ${key === '' ? '' : `${key}: `}${message}`;
}
