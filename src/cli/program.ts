import { Command, Option } from 'commander';
import { SCOPES } from '../channels/api/route.ts';
import { SECTIONS, type Section } from '../daemon/sections.ts';
import { addAuditCommands } from './audit-commands.ts';
import { showFromDaemon, stateFolder } from './daemon-call.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { addAwardCommands } from './award-commands.ts';
import { addBrakeCommands } from './brake-commands.ts';
import { addClearingCommands } from './clearing-commands.ts';
import { addPartnerCommands } from './partner-commands.ts';
import { addPhoneCommands } from './phone-commands.ts';
import { addReportCommands } from './report-commands.ts';
import { addRuleCommands } from './rule-commands.ts';
import { addSubscriberCommands } from './subscriber-commands.ts';

/** Everything `bonusgate` can do. Heavy parts are loaded only by the command that needs them. */
export function createProgram(version: string): Command {
  const program = new Command('bonusgate')
    .description('Loyalty gateway: SMS, USSD, voice, ICAP and HTTP on one points ledger')
    .version(version)
    .showHelpAfterError()
    .addHelpText('after', EXIT_CODES);
  addServing(program, version);
  addDemo(program, version);
  addPhoneCommands(program);
  addSubscriberCommands(program);
  addRuleCommands(program);
  addPartnerCommands(program);
  addAwardCommands(program);
  addBrakeCommands(program);
  addClearingCommands(program);
  addOperating(program);
  program
    .command('completion')
    .description('print a completion script for bash: source <(bonusgate completion)')
    .action(async () => {
      const { completionScript } = await import('./completion.ts');
      process.stdout.write(completionScript(program));
    });
  return program;
}

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration, 3 something is not installed,
4 refused for a business reason, 5 no daemon is running.
State folder: BONUSGATE_HOME, by default var/.`;

const CONFIG = ['-c, --config <file>', 'configuration file', 'conf/gateway.yaml'] as const;

function addServing(program: Command, version: string): void {
  program
    .command('run')
    .description('run the gateway in the foreground, until SIGTERM or Ctrl-C')
    .option(...CONFIG)
    .addOption(
      new Option(
        '--only <sections>',
        `only these sections, for example smpp,ivr (${SECTIONS.join(', ')})`,
      ).argParser((text: string) => text.split(',')),
    )
    .action(async ({ config, only }: { config: string; only?: string[] }) => {
      const { runGateway } = await import('./run.ts');
      const code = await runGateway({ configFile: config, only: (only ?? []) as Section[], version });
      // A part that did not stop in time still has its sockets; none of them may keep a stopped daemon alive.
      process.exit(code);
    });
  program
    .command('migrate')
    .description(
      'bring schema, runtime role and grants up to date, as the owner of the database (DATABASE_URL)',
    )
    .option(
      '--runtime-password-env <name>',
      'environment variable with the password of the role bonusgate_runtime',
    )
    .option('--json', 'print JSON')
    .action(async (options: { runtimePasswordEnv?: string; json?: boolean }) => {
      const { runMigrate } = await import('./run.ts');
      await runMigrate(options);
    });
  program
    .command('check-config')
    .description('check a configuration with all files it names; opens nothing')
    .option(...CONFIG)
    .option('--json', 'print JSON')
    .action(async ({ config, json }: { config: string; json?: boolean }) => {
      const { checkConfig } = await import('./check-config.ts');
      await checkConfig(config, json === true);
    });
}

function daysOf(text: string): number {
  const days = /^(\d{1,4})d?$/.exec(text)?.[1];
  if (days === undefined)
    throw new CliError(`"${text}" is no number of days; write for example 90d`, EXIT.usage);
  return Number(days);
}

function addDemo(program: Command, version: string): void {
  program
    .command('demo')
    .description('everything with simulated peers on loopback; not for production')
    .option('--reset', 'begin anew: forget the demo database')
    .option('--free-ports', 'take free ports instead of the usual ones')
    .option('--log-level <level>', 'log of the daemon on standard output', 'warn')
    .option('--advance <days>', 'move the clock of the running demo, for example 90d')
    .action(async (options: { reset?: boolean; freePorts?: boolean; logLevel: string; advance?: string }) => {
      if (options.advance !== undefined) {
        await showFromDaemon('advance', { days: daysOf(options.advance) }, {});
        return;
      }
      const [{ runDemo }, { DEMO_PORTS, freePorts }] = await Promise.all([
        import('./demo.ts'),
        import('./demo-ports.ts'),
      ]);
      process.exitCode = await runDemo({
        home: stateFolder(),
        ports: options.freePorts === true ? await freePorts() : DEMO_PORTS,
        reset: options.reset === true,
        version,
        logLevel: options.logLevel,
        msPerWord: 120,
      });
    });
  program
    .command('smoke')
    .description('start everything on free ports, make one journey per channel, audit the ledger')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { runSmoke } = await import('./smoke.ts');
      await runSmoke({ version, json: json === true });
    });
  program
    .command('bench')
    .description('measure against references, interleaved in one run')
    .argument('<name>', 'ledger, rules, earn, assess')
    .option('--json', 'print one JSON object on the last line')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const { runBench } = await import('./bench.ts');
      await runBench(name, json === true);
    });
}

function scopesOf(text: string): readonly string[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  const unknown = scopes.filter((scope) => !SCOPES.some((known) => known === scope));
  if (unknown.length === 0) return scopes;
  throw new CliError(
    `no scope ${unknown.map((scope) => `"${scope}"`).join(', ')}; there are: ${SCOPES.join(', ')}`,
    EXIT.usage,
  );
}

function addOperating(program: Command): void {
  program
    .command('status')
    .description('binds, calls, workers and clock of the running daemon')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) => showFromDaemon('status', {}, options));
  program
    .command('explain')
    .description('the story behind a complaint')
    .argument('<request-or-msisdn>', 'request or trace id (32 hex digits), or a phone number')
    .option('--json', 'print JSON')
    .action((subject: string, options: { json?: boolean }) =>
      showFromDaemon('explain', { subject }, options),
    );
  addAuditCommands(program);
  addReportCommands(program);
  const token = program.command('token').description('bearer tokens of the HTTP API');
  token
    .command('create')
    .description('make a token; it is shown once and stored nowhere')
    .argument('<name>', 'who will use it')
    .requiredOption('--scopes <scopes>', `comma-separated: ${SCOPES.join(', ')}`, scopesOf)
    .option('--json', 'print JSON')
    .action((name: string, { scopes, json }: { scopes: readonly string[]; json?: boolean }) =>
      showFromDaemon('token.create', { name, scopes }, { json: json === true }),
    );
  token
    .command('list')
    .description('names, scopes and dates')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) => showFromDaemon('token.list', {}, options));
  token
    .command('revoke')
    .description('end a token')
    .argument('<name>')
    .option('--json', 'print JSON')
    .action((name: string, options: { json?: boolean }) => showFromDaemon('token.revoke', { name }, options));
}
