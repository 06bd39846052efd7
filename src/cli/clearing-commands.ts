import type { Command } from 'commander';
import { newTraceId } from '../runtime/ids.ts';
import { callDaemon, showFromDaemon } from './daemon-call.ts';
import { print, toJson, toText } from './output.ts';

interface Json {
  readonly json?: boolean;
}

/** What fits a terminal; minor units. */
const SHOWN = ['period', 'partner', 'state', 'issueMinor', 'burnMinor', 'breakageMinor', 'netMinor'] as const;

/** `bonusgate clearing ...`, carried out by the running daemon. */
export function addClearingCommands(program: Command): void {
  const clearing = program.command('clearing').description('settlement with the partners of the programme');
  const on = (name: string, description: string): Command =>
    clearing.command(name).description(description).option('--json', 'print JSON');
  on('list', 'closed months: pool, reserve, debt and margin').action((options: Json) =>
    showFromDaemon('clearing.list', {}, options),
  );
  on('close', 'close a month that is over, for all partners')
    .argument('[month]', 'for example 2026-01; the next one when absent')
    .action((period: string | undefined, options: Json) =>
      showFromDaemon('clearing.close', { period }, options),
    );
  on('statements', 'what each partner pays or is paid, latest month first').action(async ({ json }: Json) => {
    const all = (await callDaemon('clearing.statements', {})) as Record<string, unknown>[];
    const shown = all.map((one) => Object.fromEntries(SHOWN.map((name) => [name, one[name]])));
    print(json === true ? toJson(all) : toText(shown));
  });
  addStatementCommands(clearing, on);
  on('correct', 'correct a closed month by a line of the next one')
    .argument('<partner>', 'its code, for example books')
    .requiredOption('--minor <minor>', 'minor units; negative: the partner is paid, for example -1234')
    .requiredOption('--about <text>', 'what is corrected, for example 2026-01')
    .requiredOption('--reason <text>', 'why, for the partner and the audit')
    .option('--key <key>', 'the same key again changes nothing', `cli ${newTraceId()}`)
    .action(
      (
        partner: string,
        { json, minor, ...rest }: Json & Record<'minor' | 'about' | 'reason' | 'key', string>,
      ) =>
        showFromDaemon('clearing.correct', { partner, amountMinor: minor, ...rest }, { json: json === true }),
    );
}

function addStatementCommands(clearing: Command, on: (name: string, description: string) => Command): void {
  on('show', "a partner's statement")
    .argument('<month>', 'for example 2026-01')
    .argument('<partner>', 'its code, for example books')
    .action((period: string, partner: string, options: Json) =>
      showFromDaemon('clearing.show', { period, partner }, options),
    );
  clearing
    .command('lines')
    .description("the lines of a partner's statement as CSV")
    .argument('<month>', 'for example 2026-01')
    .argument('<partner>', 'its code, for example books')
    .action(async (period: string, partner: string) => {
      print(((await callDaemon('clearing.lines', { period, partner })) as string).trimEnd());
    });
  for (const [name, state, description] of [
    ['confirm', 'confirmed', 'confirm a statement for the partner'],
    ['dispute', 'disputed', 'note that the partner came to another sum'],
    ['paid', 'paid', 'note that a confirmed statement was paid'],
  ] as const) {
    on(name, description)
      .argument('<month>', 'for example 2026-01')
      .argument('<partner>', 'its code, for example books')
      .requiredOption('--reason <text>', 'letter, call or payment, for the audit')
      .action((period: string, partner: string, { reason, json }: Json & { reason: string }) =>
        showFromDaemon('clearing.state', { period, partner, state, reason }, { json: json === true }),
      );
  }
}
