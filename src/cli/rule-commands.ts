import type { Command } from 'commander';
import { callDaemon, showFromDaemon } from './daemon-call.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { print, toJson } from './output.ts';
import { readRulesFile, type NamedProblem } from './rules-file.ts';

interface Json {
  readonly json?: boolean;
}

/** `bonusgate rules ...`: the earning rules of the running daemon. */
export function addRuleCommands(program: Command): void {
  const rules = program.command('rules').description('earning rules: draft, check, replay, publish');
  const on = (name: string, description: string): Command =>
    rules.command(name).description(description).option('--json', 'print JSON');
  addWriting(on);
  addPublishing(on);
  addDryRun(on);
  addParameters(program);
  addAssessment(program);
}

type On = (name: string, description: string) => Command;

function addWriting(on: On): void {
  on('check', 'everything that is wrong with a file of rules; stores nothing')
    .argument('<file>', 'YAML, for example conf/rules-example.yaml')
    .action(async (file: string, { json }: Json) => {
      const rules = readRulesFile(file);
      const { problems } = (await callDaemon('rules.check', { document: rules.document })) as {
        problems: NamedProblem[];
      };
      if (json === true) print(toJson({ problems }));
      else
        print(problems.length === 0 ? `${file}: good` : problems.map((one) => rules.place(one)).join('\n'));
      if (problems.length > 0) throw new CliError(`${String(problems.length)} problems`, EXIT.usage);
    });
  on('draft', 'store a file of rules as the next version')
    .argument('<file>')
    .action((file: string, options: Json) =>
      showFromDaemon('rules.draft', { document: readRulesFile(file).document }, options),
    );
  on('list', 'versions, newest first').action((options: Json) => showFromDaemon('rules.list', {}, options));
  on('show', 'one version with its rules and its replay')
    .argument('<version>')
    .action((version: string, options: Json) =>
      showFromDaemon('rules.show', { version: versionOf(version) }, options),
    );
  on('health', 'the rules in force and how they fare').action((options: Json) =>
    showFromDaemon('rules.health', {}, options),
  );
}

function addPublishing(on: On): void {
  on('replay', 'what a draft would have given for past events')
    .argument('<version>')
    .option('--days <days>', 'so many days back', '30')
    .action((version: string, { days, ...options }: Json & { days: string }) =>
      showFromDaemon('rules.replay', { version: versionOf(version), days: Number(days) }, options),
    );
  on('publish', 'put a replayed draft in force at once')
    .argument('<version>')
    .action((version: string, options: Json) =>
      showFromDaemon('rules.publish', { version: versionOf(version) }, options),
    );
  on('retire', 'end the version in force; the rates of the configuration apply again')
    .argument('<version>')
    .action((version: string, options: Json) =>
      showFromDaemon('rules.retire', { version: versionOf(version) }, options),
    );
}

interface DryRunOptions extends Json {
  readonly minor: string;
  readonly currency: string;
  readonly at?: string;
  readonly partner: string;
  readonly labels: string;
  readonly ruleSet?: string;
}

function addDryRun(on: On): void {
  on('dry-run', 'what an event of a subscriber would earn, rule by rule; books nothing')
    .argument('<msisdn>')
    .argument('<type>', 'for example purchase')
    .option('--minor <amount>', 'minor units of money', '0')
    .option('--currency <code>', 'ISO 4217', 'RUB')
    .option('--at <time>', 'when it happened, for example 2026-01-31T12:00:00+03:00')
    .option('--partner <code>', 'partner', '')
    .option('--labels <labels>', 'comma-separated', '')
    .option('--rule-set <version>', 'a version other than the one in force')
    .action((msisdn: string, type: string, options: DryRunOptions) => {
      const { ruleSet, labels, json, ...event } = options;
      const args = {
        ...{ msisdn, type, ...event },
        labels: labels === '' ? [] : labels.split(','),
        ...(ruleSet !== undefined && { version: versionOf(ruleSet) }),
      };
      return showFromDaemon('rules.dry-run', args, { json: json === true });
    });
}

function addParameters(program: Command): void {
  const parameters = program.command('parameters').description('loyalty parameters that rules can read');
  const on: On = (name, description) =>
    parameters.command(name).description(description).option('--json', 'print JSON');
  on('list', 'what is defined').action((options: Json) => showFromDaemon('parameters.list', {}, options));
  on('define', 'define a parameter; its type can never change')
    .argument('<code>', 'for example children')
    .argument('<type>', 'int, bool or string')
    .option('--unit <text>', 'what a value counts', '')
    .option('--source <text>', 'who tells it', '')
    .option('--description <text>', 'what it means', '')
    .action((code: string, type: string, { json, ...rest }: Json & object) =>
      showFromDaemon('parameters.define', { code, type, ...rest }, { json: json === true }),
    );
  on('set', 'tell a value of one subscriber')
    .argument('<msisdn>')
    .argument('<code>')
    .argument('<value>')
    .option('--at <time>', 'as of when; now by default')
    .action((msisdn: string, code: string, value: string, { json, ...rest }: Json & object) =>
      showFromDaemon('parameters.set', { msisdn, code, value, ...rest }, { json: json === true }),
    );
}

function addAssessment(program: Command): void {
  const assessment = program
    .command('assessment')
    .description('runs of the assessment rules over all members');
  assessment
    .command('start')
    .description('assess all members in the background; one run for each moment')
    .option('--at <time>', 'as of when; now by default')
    .option('--json', 'print JSON')
    .action(({ json, ...rest }: Json & object) =>
      showFromDaemon('assessment.start', rest, { json: json === true }),
    );
  assessment
    .command('list')
    .description('runs, newest first')
    .option('--json', 'print JSON')
    .action((options: Json) => showFromDaemon('assessment.list', {}, options));
}

function versionOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new CliError(`"${text}" is no version`, EXIT.usage);
  return Number(text);
}
