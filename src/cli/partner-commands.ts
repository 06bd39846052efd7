import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { newTraceId } from '../runtime/ids.ts';
import { showFromDaemon } from './daemon-call.ts';
import { CliError, EXIT } from './exit-codes.ts';

interface Json {
  readonly json?: boolean;
}

/** `bonusgate partner ...`, carried out by the running daemon. */
export function addPartnerCommands(program: Command): void {
  const partner = program.command('partner').description('partners of the joint programme');
  const on = (name: string, description: string): Command =>
    partner
      .command(name)
      .description(description)
      .argument('<partner>', 'its code, for example books')
      .option('--json', 'print JSON');
  partner
    .command('list')
    .description('all partners; `operator` is the operator itself')
    .option('--json', 'print JSON')
    .action((options: Json) => showFromDaemon('partner.list', {}, options));
  on('show', 'agreements, keys and prepaid points').action((code: string, options: Json) =>
    showFromDaemon('partner.show', { partner: code }, options),
  );
  on('save', 'add a partner, rename, block or release it')
    .requiredOption('--name <name>', 'as people know it')
    .option('--blocked', 'refuse its requests', false)
    .action((code: string, { json, ...rest }: Json & object) =>
      showFromDaemon('partner.save', { partner: code, ...rest }, { json: json === true }),
    );
  on('publish', 'publish an agreement, for ever but for its end')
    .argument('<reference>', 'as the contract is called, for example 2026-01')
    .requiredOption('--terms <file>', 'JSON, as in docs/programme/partners.md')
    .action(async (code: string, reference: string, { terms, json }: Json & { terms: string }) =>
      showFromDaemon(
        'partner.publish',
        { partner: code, reference, terms: await readTerms(terms) },
        { json: json === true },
      ),
    );
  on('end', 'end an agreement, or move its end')
    .argument('<reference>', 'as it was published')
    .requiredOption('--at <time>', 'with its offset, for example 2027-01-01T00:00:00+03:00')
    .action((code: string, reference: string, { at, json }: Json & { at: string }) =>
      showFromDaemon('partner.end', { partner: code, reference, validTo: at }, { json: json === true }),
    );
  on('key', 'make a key; its secret is shown this once')
    .argument('<key>', 'its name, for example 2026-a')
    .action((code: string, key: string, options: Json) =>
      showFromDaemon('partner.key', { partner: code, key }, options),
    );
  on('revoke', 'revoke a key')
    .argument('<key>', 'its name')
    .action((code: string, key: string, options: Json) =>
      showFromDaemon('partner.revoke', { partner: code, key }, options),
    );
  on('top-up', 'sell points in advance')
    .argument('<points>', 'for example 100000')
    .requiredOption('--reason <text>', 'payment or invoice, for the audit')
    .option('--key <key>', 'the same key again changes nothing', `cli ${newTraceId()}`)
    .action((code: string, points: string, { reason, key, json }: Json & { reason: string; key: string }) =>
      showFromDaemon('partner.top-up', { partner: code, points, reason, key }, { json: json === true }),
    );
}

async function readTerms(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    throw new CliError(`${file}: ${error instanceof Error ? error.message : 'cannot be read'}`, EXIT.usage);
  }
}
