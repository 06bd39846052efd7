import type { Command } from 'commander';
import { showFromDaemon } from './daemon-call.ts';

interface Json {
  readonly json?: boolean;
}

/** `bonusgate brake ...`: stops what must stop at once, on all daemons. */
export function addBrakeCommands(program: Command): void {
  const brake = program
    .command('brake')
    .description('emergency brakes: transfers, redemptions, redirects, messages');
  brake
    .command('list')
    .description('which are on, and who moved them last')
    .option('--json', 'print JSON')
    .action((options: Json) => showFromDaemon('brake.list', {}, options));
  for (const [name, engaged, description] of [
    ['engage', true, 'stop all of them'],
    ['release', false, 'let them go on'],
  ] as const) {
    brake
      .command(name)
      .description(description)
      .argument('<brake>', 'transfers, redemptions, redirects or messages')
      .requiredOption('--reason <text>', 'why, for the audit')
      .option('--json', 'print JSON')
      .action((what: string, { reason, json }: Json & { reason: string }) =>
        showFromDaemon('brake.move', { brake: what, engaged, reason }, { json: json === true }),
      );
  }
}
