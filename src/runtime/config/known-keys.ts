import { z } from 'zod';

/** The part of JSON Schema that zod writes and this project reads. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
}

/** What an author may write, as JSON Schema (draft 7, which editors understand). */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    reused: 'inline',
  }) as JsonSchema;
}

/** Keys known at `path`, for suggestions; empty where the schema is not an object. */
export function knownKeys(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  return unique(descend([schema], path).flatMap((found) => Object.keys(found.properties ?? {})));
}

/** Words known at `path` where the schema lists them. */
export function knownWords(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  const words = descend([schema], path).flatMap((found) => found.enum ?? []);
  return unique(words.filter((word) => typeof word === 'string'));
}

function descend(schemas: readonly JsonSchema[], path: readonly PropertyKey[]): JsonSchema[] {
  const here = schemas.flatMap(alternatives);
  const [key, ...rest] = path;
  if (key === undefined) return here;
  const next = here.flatMap((schema) => child(schema, key));
  return descend(next, rest);
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  return [schema, ...[...(schema.anyOf ?? []), ...(schema.allOf ?? [])].flatMap(alternatives)];
}

function child(schema: JsonSchema, key: PropertyKey): JsonSchema[] {
  const found = typeof key === 'number' ? schema.items : schema.properties?.[String(key)];
  const open = schema.additionalProperties;
  if (found !== undefined) return [found];
  return typeof open === 'object' ? [open] : [];
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}
