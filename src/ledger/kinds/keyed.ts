import {
  byteaArray,
  int2Array,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
} from '../../storage/pg-arrays.ts';
import { fromBytea } from '../../storage/pipeline.ts';
import { reportingWrite, type RecordReader, type RecordWriter } from './kind.ts';

/** Every record but the account's own row: whose it is, and a serial that is never reused. */
export interface OwnedKey {
  readonly home: number;
  readonly account: number;
  readonly serial: number;
}

/**
 * A kind of record that belongs to one account and is read and written under that account's lock: redemptions,
 * benefits, awards, approvals, sagas. Declared by its columns; a feature that needs one more adds one more file.
 */
export interface KeyedKind<Row extends OwnedKey> extends RecordWriter<Row> {
  readonly reader: RecordReader<OwnedKey, Row>;
}

type ArrayOf = (rows: readonly unknown[], pick: (row: unknown) => never) => Buffer;

/** How one column travels: its SQL type, the binary array of many rows, and its text form back. */
export interface Column<Value> {
  readonly type: string;
  /** Whether a later write of the same record may change it. */
  readonly mutable: boolean;
  readonly array: ArrayOf;
  /** The select expression for a column of that name. */
  readonly expression: (name: string) => string;
  readonly parse: (text: string | null) => Value;
}

function column<Value>(type: string, array: ArrayOf, parse: (text: string) => Value): Column<Value> {
  return { type, mutable: false, array, expression: (name) => name, parse: (text) => parse(text!) };
}

export const small = column('smallint', int2Array as ArrayOf, Number);
export const whole = column('integer', int4Array as ArrayOf, Number);
/** An id or a serial: up to 2^53. */
export const id = column('bigint', int8Array as ArrayOf, Number);
/** Points, or minor units of money. */
export const amount = column('bigint', int8Array as ArrayOf, BigInt);
export const text = column('text', textArray as ArrayOf, String);
export const octets = column('bytea', byteaArray as ArrayOf, fromBytea);
/** Milliseconds since 1970. */
export const instant: Column<number> = {
  ...column('timestamptz', timestamptzArray as ArrayOf, Number),
  expression: (name) => `extract(epoch from ${name}) * 1000`,
};

/** The same column, null where there is nothing. The binary arrays of `smallint` have no null: use `whole`. */
export function nullable<Value>(of: Column<Value>): Column<Value | null> {
  return { ...of, parse: (value) => (value === null ? null : of.parse(value)) };
}

export function mutable<Value>(of: Column<Value>): Column<Value> {
  return { ...of, mutable: true };
}

export type ColumnsOf<Row extends OwnedKey> = {
  readonly [Field in Exclude<keyof Row, keyof OwnedKey>]: Column<Row[Field]>;
};

const KEY_COLUMNS: readonly (readonly [keyof OwnedKey, Column<number>])[] = [
  ['home', small],
  ['account', id],
  ['serial', id],
];

/**
 * Declares a kind whose table has the kind's name and `primary key (home, account, serial)`; fields are written in
 * snake case. A second write of a record changes its mutable columns only.
 */
export function keyedKind<Row extends OwnedKey>(kind: string, columns: ColumnsOf<Row>): KeyedKind<Row> {
  const all = [...KEY_COLUMNS, ...Object.entries<Column<unknown>>(columns)] as [string, Column<unknown>][];
  return {
    kind,
    reader: {
      statement: loadStatement(kind, all),
      keys: keyArrays,
      row: (values) => parseRow(all, values) as Row,
    },
    statement: reportingWrite(kind, writeStatement(kind, all)),
    values: (rows) =>
      all.map(([field, { array }]) => array(rows, (row) => (row as Record<string, never>)[field]!)),
  };
}

function loadStatement(kind: string, all: readonly [string, Column<unknown>][]) {
  const selected = all.map(([field, { expression }]) => expression(`r.${snakeCase(field)}`)).join(', ');
  return {
    name: `load_${kind}`,
    text: `select ${selected}
      from unnest($1::smallint[], $2::bigint[], $3::bigint[]) k(home, account, serial) cross join lateral
        (select * from ${kind} r where r.home = k.home and r.account = k.account and r.serial = k.serial limit 1) r`,
  };
}

function writeStatement(kind: string, all: readonly [string, Column<unknown>][]): string {
  const names = all.map(([field]) => snakeCase(field));
  const arrays = all.map(([, { type }], index) => `$${String(index + 1)}::${type}[]`);
  const changes = all.filter(([, { mutable }]) => mutable).map(([field]) => snakeCase(field));
  const conflict =
    changes.length === 0
      ? ''
      : `on conflict (home, account, serial) do update set ${changes.map((name) => `${name} = excluded.${name}`).join(', ')}`;
  return `insert into ${kind} (${names.join(', ')}) select * from unnest(${arrays.join(', ')}) ${conflict}`;
}

function keyArrays(keys: readonly OwnedKey[]): Buffer[] {
  return [
    int2Array(keys, (key) => key.home),
    int8Array(keys, (key) => key.account),
    int8Array(keys, (key) => key.serial),
  ];
}

function parseRow(
  all: readonly [string, Column<unknown>][],
  values: readonly (string | null)[],
): Record<string, unknown> {
  return Object.fromEntries(all.map(([field, { parse }], index) => [field, parse(values[index]!)]));
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
