import type { Answer, Statement } from '../../storage/pipeline.ts';

/**
 * How one kind of record is loaded by key and written in bulk. A kind is one file: table, load, write, codec.
 *
 * Every write reports itself into a transaction-local manifest, `name:rows;`, and the batch's last statement before
 * COMMIT compares the manifest with what was meant. A write that is short, refused by the client library or lost on
 * the way makes the database itself roll the batch back.
 */
export interface RecordReader<Key, Row> {
  readonly statement: Statement;
  keys(keys: readonly Key[]): Buffer[];
  row(columns: readonly (string | null)[]): Row;
}

export interface RecordWriter<Row> {
  readonly kind: string;
  readonly statement: ReportingStatement;
  values(rows: readonly Row[]): Buffer[];
}

export interface ReportingStatement extends Statement {
  /** The write without its report. */
  readonly plain: string;
}

/** Wraps a bulk write ending in `returning 1` so that it reports its row count into the manifest. */
export function reportingWrite(kind: string, write: string): ReportingStatement {
  return {
    name: `write_${kind}`,
    plain: write,
    text: `with written as (${write} returning 1)
      select set_config('bonusgate.written',
        coalesce(current_setting('bonusgate.written', true), '') || '${kind}:' || count(*) || ';', true)
      from written`,
  };
}

/** Fails the transaction unless the manifest is exactly `$1`: division by zero is the cheapest assertion in SQL. */
export const CHECK_MANIFEST: Statement = {
  name: 'check_manifest',
  text: `select 1 / (coalesce(current_setting('bonusgate.written', true), '') = $1::text)::int`,
};

export function manifestEntry(kind: string, rows: number): string {
  return `${kind}:${String(rows)};`;
}

export function readAll<Key, Row>(reader: RecordReader<Key, Row>, answer: Answer): Row[] {
  return answer.rows.map((columns) => reader.row(columns));
}
