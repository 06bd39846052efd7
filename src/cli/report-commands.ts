import type { Command } from 'commander';
import { callDaemon } from './daemon-call.ts';
import { print, toJson, toText } from './output.ts';

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** `bonusgate report`: the programme by month and issuer. */
export function addReportCommands(program: Command): void {
  program
    .command('report')
    .description('points issued, redeemed, expired, taken back and outstanding, by month and issuer')
    .option('--from <month>', 'first month, for example 2026-01')
    .option('--to <month>', 'last month; the current one when absent')
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .action(async ({ from, to, json, csv }: Options) => {
      const months = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
      const lines = (await callDaemon('report.programme', months)) as Record<string, string | number>[];
      if (json === true) print(toJson(lines));
      else print(csv === true ? csvOf(lines) : toText(lines));
    });
}

const COLUMNS = [
  'month',
  'issuer',
  'issued',
  'redeemed',
  'expired',
  'reversed',
  'restored',
  'outstanding',
] as const;

/** Months and whole numbers only, so nothing needs quotes. */
function csvOf(lines: readonly Record<string, string | number>[]): string {
  return [COLUMNS.join(','), ...lines.map((line) => COLUMNS.map((name) => line[name]).join(','))].join('\n');
}
