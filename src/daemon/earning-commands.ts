import { z } from 'zod';
import { Refusal } from '../errors.ts';
import { newTraceId } from '../runtime/ids.ts';
import { instant } from '../values/instant.ts';
import { parseMsisdn } from '../values/msisdn.ts';
import { command, type Commands } from './command.ts';
import type { CommandDeps } from './commands.ts';

const version = z.number().int().min(1);
const document = z.record(z.string(), z.unknown());

/** `bonusgate rules ...` and `bonusgate parameters ...`. */
export function earningCommands(deps: CommandDeps): Commands {
  return { ...ruleCommands(deps), ...tryingCommands(deps), ...parameterCommands(deps) };
}

const operator = () => ({ name: 'operator', scopes: [], trace: newTraceId() });

function ruleCommands({ core, clock }: CommandDeps): Commands {
  const { rules } = core.earning.api;
  return {
    'rules.check': command(z.object({ document }), async (args) => ({
      problems: await rules.check(args.document),
    })),
    'rules.draft': command(z.object({ document }), async (args) => ({
      version: await rules.draft(operator(), args.document),
    })),
    'rules.list': async () => ({ ruleSets: await rules.list() }),
    'rules.show': command(z.object({ version }), (args) => rules.get(args.version)),
    'rules.replay': command(z.object({ version, days: z.number().int().min(1).max(366) }), (args) =>
      rules.replay(args.version, args.days),
    ),
    'rules.publish': command(z.object({ version }), async (args) => {
      await rules.publish(operator(), args.version);
      return { published: args.version };
    }),
    'rules.retire': command(z.object({ version }), async (args) => {
      await rules.retire(args.version);
      return { retired: args.version };
    }),
    'assessment.start': command(
      z.object({ at: z.iso.datetime({ offset: true }).optional() }),
      async ({ at }) => {
        const asOf = at === undefined ? clock.now() : instant(new Date(at).getTime());
        if (asOf > clock.now()) throw new Refusal('event_in_future');
        return { run: await rules.assess(operator(), asOf) };
      },
    ),
    'assessment.list': async () => ({ runs: await rules.assessments() }),
    'rules.health': () => Promise.resolve(rules.health()),
  };
}

function tryingCommands({ core, clock, config }: CommandDeps): Commands {
  return {
    'rules.dry-run': command(
      z.object({
        msisdn: z.string(),
        type: z.string(),
        minor: z.string().regex(/^\d{1,18}$/, 'write whole minor units, for example 12550'),
        currency: z.string(),
        at: z.iso.datetime({ offset: true }).optional(),
        partner: z.string(),
        labels: z.array(z.string()).max(16),
        version: version.optional(),
      }),
      async ({ msisdn, minor, at, version: tried, ...event }) => {
        const number = parseMsisdn(msisdn, config().numberPlan);
        const owner = await core.subscribers.resolveNumber(number, clock.now());
        if (owner === undefined) throw new Refusal('subscriber_unknown');
        const occurredAt = at === undefined ? clock.now() : instant(new Date(at).getTime());
        return core.earning.api.rules.dryRun(owner.id, { ...event, minor: BigInt(minor), occurredAt }, tried);
      },
    ),
  };
}

function parameterCommands({ core, clock, config }: CommandDeps): Commands {
  const { parameters } = core.earning.api;
  return {
    'parameters.list': async () => ({ parameters: await parameters.list() }),
    'parameters.define': command(
      z.object({
        code: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'is a lower-case name, for example average_spend'),
        type: z.enum(['int', 'bool', 'string']),
        unit: z.string().max(60),
        source: z.string().max(60),
        description: z.string().max(200),
      }),
      async (definition) => {
        await parameters.define(definition);
        return definition;
      },
    ),
    'parameters.set': command(
      z.object({
        msisdn: z.string(),
        code: z.string(),
        value: z.string().max(100),
        at: z.iso.datetime({ offset: true }).optional(),
      }),
      async ({ msisdn, code, value, at }) => {
        const number = parseMsisdn(msisdn, config().numberPlan);
        const asOf = at === undefined ? clock.now() : instant(new Date(at).getTime());
        const owner = await core.subscribers.resolveNumber(number, asOf);
        if (owner === undefined) throw new Refusal('subscriber_unknown');
        const told = [{ subscriber: owner.id, code, asOf, value }];
        const [refusal] = await parameters.record(operator(), told);
        if (refusal !== undefined) throw new Refusal(refusal);
        return { recorded: true };
      },
    ),
  };
}
