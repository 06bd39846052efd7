import Table from 'cli-table3';

/** JSON for programs: points and ids as decimal strings. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? one.toString() : one), 2);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What people read: nested objects as indented `key: value` lines, lists of like objects as a table. */
export function toText(value: unknown, indent = ''): string {
  if (Array.isArray(value)) return listText(value, indent);
  if (typeof value !== 'object' || value === null) return `${indent}${scalar(value)}`;
  return Object.entries(value as Record<string, unknown>)
    .map(([key, one]) =>
      typeof one === 'object' && one !== null && Object.keys(one).length > 0
        ? `${indent}${key}:\n${toText(one, `${indent}  `)}`
        : `${indent}${key}: ${scalar(one, key)}`,
    )
    .join('\n');
}

function listText(list: readonly unknown[], indent: string): string {
  const flat = list.every(
    (one) =>
      typeof one === 'object' &&
      one !== null &&
      Object.values(one).every((v) => typeof v !== 'object' || v === null),
  );
  if (list.length === 0) return `${indent}(none)`;
  if (!flat) return list.map((one) => toText(one, indent)).join('\n\n');
  const head = [...new Set(list.flatMap((one) => Object.keys(one as object)))];
  const rows = list.map((one) => head.map((key) => scalar((one as Record<string, unknown>)[key], key)));
  return table(head, rows)
    .split('\n')
    .map((line) => indent + line)
    .join('\n');
}

/** Cells wider than this are wrapped. */
const CELL_MAX = 64;

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widthOf = (column: number): number =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)) + 2;
  const plain = new Table({
    head: [...head],
    colWidths: head.map((_, column) => Math.min(widthOf(column), CELL_MAX)),
    wordWrap: true,
    style: { head: [], border: [], compact: true },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const row of rows) plain.push([...row]);
  return plain.toString();
}

/** Names under which answers carry an instant, in epoch milliseconds. */
const INSTANT = /^(at|since|until|expires|.+At)$/;

function scalar(value: unknown, key = ''): string {
  if (typeof value === 'number' && INSTANT.test(key)) return new Date(value).toISOString();
  if (value === undefined || value === null) return '-';
  if (typeof value === 'object') return Array.isArray(value) ? '(none)' : '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
