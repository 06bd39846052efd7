import { stringify } from 'yaml';
import { configSchema } from './config.ts';
import { toJsonSchema, type JsonSchema } from './known-keys.ts';

const HEAD = `# yaml-language-server: $schema=gateway.schema.json
#
# Every key of the gateway, with its default. A key that is left out keeps its default, so a real file may be short:
# start from the SMSCs, FreeSWITCH and the DPI you have, and delete the rest.
#
# Secrets never stand here: "\${NAME}" is the environment variable NAME, "file:/run/secrets/smsc" the content of a file.
# \`bonusgate check-config --config FILE\` names every mistake with its line. SIGHUP reloads the keys that can be reloaded.
`;

/** JSON Schema of the configuration file, for editors: conf/gateway.schema.json. */
export function renderSchema(): string {
  return `${JSON.stringify(toJsonSchema(configSchema), undefined, 2)}\n`;
}

/** The commented sample of all keys: conf/gateway.yaml. It parses to exactly the defaults. */
export function renderSample(): string {
  const sections = Object.entries(toJsonSchema(configSchema).properties ?? {});
  return [HEAD, ...sections.map(([name, schema]) => `${renderKey(name, schema, 0).join('\n')}\n`)].join('\n');
}

function renderKey(name: string, schema: JsonSchema, depth: number): string[] {
  const comment = wrap(schema.description, depth);
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length > 0) {
    if (schema.default === undefined)
      return [...comment, ...commented(renderBody(name, schema, depth), depth)];
    return [...comment, ...renderBody(name, schema, depth)];
  }
  if (schema.default === undefined) return [...comment, `${indent(depth)}# ${name}: ${placeholder(schema)}`];
  return [...comment, ...renderDefault(name, schema, depth)];
}

function renderBody(name: string, schema: JsonSchema, depth: number): string[] {
  const fields = Object.entries(schema.properties ?? {});
  return [`${indent(depth)}${name}:`, ...fields.flatMap(([key, field]) => renderKey(key, field, depth + 1))];
}

function renderDefault(name: string, schema: JsonSchema, depth: number): string[] {
  const value = stringify(
    { [name]: schema.default },
    { lineWidth: 0, defaultStringType: 'PLAIN', singleQuote: true },
  ).trimEnd();
  const lines = value.split('\n').map((line) => indent(depth) + line);
  const item = schema.items;
  const isEmptyListOfObjects =
    Array.isArray(schema.default) && schema.default.length === 0 && item?.properties !== undefined;
  return isEmptyListOfObjects ? [...lines, ...renderItem(item, depth + 1)] : lines;
}

/** One entry of an empty list, all commented out: what an entry may hold. */
function renderItem(item: JsonSchema, depth: number): string[] {
  const fields = Object.entries(item.properties ?? {});
  const lines = fields.flatMap(([key, field]) =>
    renderKey(key, { default: exampleOf(field), ...field }, depth + 1),
  );
  // The dash stands before the first key; a comment above that key may stand above it.
  const first = lines.findIndex((line) => !line.trimStart().startsWith('#'));
  lines[first] = `${indent(depth)}- ${lines[first]!.trimStart()}`;
  return [`${indent(depth)}# an entry:`, ...commented(lines, depth)];
}

function exampleOf(field: JsonSchema): unknown {
  if (field.type === 'array') return [];
  return field.type === 'object' ? {} : placeholder(field);
}

function placeholder(schema: JsonSchema): string {
  return schema.enum === undefined ? '...' : schema.enum.join(' | ');
}

/** Comments every line out at one column: deleting that "# " leaves valid YAML, with its own comments. */
function commented(lines: readonly string[], depth: number): string[] {
  const margin = indent(depth);
  return lines.map((line) => `${margin}# ${line.slice(margin.length)}`);
}

function indent(depth: number): string {
  return '  '.repeat(depth);
}

const WIDTH = 110;

function wrap(text: string | undefined, depth: number): string[] {
  if (text === undefined) return [];
  const lines: string[] = [];
  let line = `${indent(depth)}#`;
  for (const word of text.split(/\s+/)) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${indent(depth)}#`;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
