import type { Command } from 'commander';
import { newTraceId } from '../runtime/ids.ts';
import { showFromDaemon } from './daemon-call.ts';

interface Json {
  readonly json?: boolean;
}

/** `bonusgate subscriber ...`, carried out by the running daemon. */
export function addSubscriberCommands(program: Command): void {
  const subscriber = program.command('subscriber').description('subscribers of the running daemon');
  const on = (name: string, description: string): Command =>
    subscriber
      .command(name)
      .description(description)
      .argument('<msisdn>', 'for example 79160000001')
      .option('--json', 'print JSON');
  on('add', 'register somebody and open a wallet')
    .option('--language <language>', 'en or ru')
    .option('--zone <zone>', 'IANA time zone, for example Europe/Moscow')
    .option('--pin <pin>', '4 to 8 digits')
    .action((msisdn: string, { json, ...rest }: Json & object) =>
      showFromDaemon('subscriber.add', { msisdn, ...rest }, { json: json === true }),
    );
  on('show', 'language, status and balance').action((msisdn: string, options: Json) =>
    showFromDaemon('subscriber.show', { msisdn }, options),
  );
  on('history', 'movements of points, newest first')
    .option('--limit <count>', 'so many', '20')
    .action((msisdn: string, { limit, json }: Json & { limit: string }) =>
      showFromDaemon(
        'subscriber.history',
        { msisdn, limit: /^\d+$/.test(limit) ? Number(limit) : limit },
        { json: json === true },
      ),
    );
  on('adjust', 'give or take points by hand')
    .argument('<points>', 'for example 100 or -100')
    .requiredOption('--reason <text>', 'for the audit')
    .option('--key <key>', 'the same key again changes nothing', `cli ${newTraceId()}`)
    .action((msisdn: string, points: string, { reason, key, json }: Json & { reason: string; key: string }) =>
      showFromDaemon('subscriber.adjust', { msisdn, points, reason, key }, { json: json === true }),
    );
  on('pin', 'set the PIN')
    .argument('<pin>', '4 to 8 digits')
    .action((msisdn: string, pin: string, options: Json) =>
      showFromDaemon('subscriber.pin', { msisdn, pin }, options),
    );
  on('extend-expiry', 'let all points live on to the end of a day; none lives shorter')
    .argument('<lastDay>', 'for example 2026-12-31')
    .requiredOption('--reason <text>', 'why, for the audit')
    .option('--key <key>', 'the same key again changes nothing', `cli ${newTraceId()}`)
    .action((msisdn: string, lastDay: string, { json, ...rest }: Json & { reason: string; key: string }) =>
      showFromDaemon('subscriber.extend-expiry', { msisdn, lastDay, ...rest }, { json: json === true }),
    );
  on('suspend', 'enquiries only from now on').action((msisdn: string, options: Json) =>
    showFromDaemon('subscriber.suspend', { msisdn }, options),
  );
  on('resume', 'end a suspension').action((msisdn: string, options: Json) =>
    showFromDaemon('subscriber.resume', { msisdn }, options),
  );
  on('change-number', 'the same person gets another number')
    .argument('<to>', 'the new number')
    .action((msisdn: string, to: string, options: Json) =>
      showFromDaemon('subscriber.change-number', { msisdn, to }, options),
    );
  on('terminate', 'end the subscriber; the number is free again').action((msisdn: string, options: Json) =>
    showFromDaemon('subscriber.terminate', { msisdn }, options),
  );
}
