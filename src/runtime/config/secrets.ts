import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isScalar, visit, type Document, type Scalar } from 'yaml';

/** Where `${NAME}` and `file:` values come from. */
export interface SecretSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder that relative `file:` paths start from. */
  readonly folder: string;
}

/**
 * Replaces `${NAME}` inside strings by the environment variable, and a string `file:PATH` by that file's content
 * without its last line break. Calls `complain` for what is missing; never with a value.
 */
export function resolveSecrets(
  document: Document,
  sources: SecretSources,
  complain: (scalar: Scalar, message: string) => void,
): void {
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || !isScalar(node) || typeof node.value !== 'string') return;
      try {
        node.value = resolve(node.value, sources);
      } catch (error) {
        complain(node, (error as Error).message);
      }
    },
  });
}

function resolve(text: string, { environment, folder }: SecretSources): string {
  if (text.startsWith('file:')) return readSecretFile(path.resolve(folder, text.slice('file:'.length)));
  return text.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const value = environment[name];
    if (value === undefined) throw new Error(`the environment variable ${name} is not set`);
    return value;
  });
}

function readSecretFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new Error(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`, {
      cause: error,
    });
  }
}
