import type { StoredLine } from './statement-store.ts';

/** The line file of a statement: comma-separated values (RFC 4180), a line for each operation. */

const COLUMNS = [
  'line',
  'kind',
  'issuer',
  'acceptor',
  'points',
  'rate',
  'amount_micro',
  'amount_minor',
  'reference',
  'occurred_at',
  'posted_at',
] as const;

/** `nameOf` tells a partner's code. */
export function lineFile(lines: readonly StoredLine[], nameOf: (partner: number) => string): string {
  const rows = lines.map((line) => [
    String(line.line),
    line.kind,
    nameOf(line.issuer),
    line.acceptor === null ? '' : nameOf(line.acceptor),
    String(line.points),
    `${String(line.rateNum)}/${String(line.rateDen)}`,
    String(line.amountMicro),
    String(line.amountMinor),
    line.reference ?? '',
    line.occurredAt?.toISOString() ?? '',
    line.postedAt?.toISOString() ?? '',
  ]);
  return [[...COLUMNS], ...rows].map((row) => row.map(quoted).join(',')).join('\r\n') + '\r\n';
}

/** A spreadsheet takes what begins like a formula for one; references are the partner's own text. */
function quoted(value: string): string {
  const plain = /^[=+@\t]|^-(?!\d+$)/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
