import { z } from 'zod';
import { addAudience, bindIdentity, saveMerchant } from '../cashback/programme-store.ts';
import { SCOPES } from '../channels/api/route.ts';
import { Refusal } from '../errors.ts';
import { auditLedger } from '../ledger/store.ts';
import { sweep } from '../jobs/sweep.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import { isZone } from '../runtime/config/kinds.ts';
import { BadArguments } from '../runtime/control-client.ts';
import { newTraceId } from '../runtime/ids.ts';
import { LANGUAGES } from '../values/language.ts';
import { parseMsisdn, type Msisdn } from '../values/msisdn.ts';
import type { LifecycleRequest, Subscriber } from '../subscribers/subscriber.ts';
import { auditCommands } from './audit.ts';
import { awardCommands, createAwards } from './awards.ts';
import { brakeCommands } from './brake-commands.ts';
import type { Browsing } from './browsing.ts';
import { clearingCommands } from './clearing-commands.ts';
import { command, type Commands } from './command.ts';
import type { Core } from './core.ts';
import { earningCommands } from './earning-commands.ts';
import { explain } from './explain.ts';
import { partnerCommands } from './partner-commands.ts';
import { createReports, reportCommands } from './reports.ts';
import type { Storage } from './storage.ts';

export interface CommandDeps {
  readonly config: () => Config;
  readonly core: Core;
  readonly storage: Storage;
  readonly browsing: () => Browsing | undefined;
  readonly clock: Clock;
  status(): unknown;
  /** Moves the demo's clock; undefined outside the demo. */
  readonly advance: ((days: number) => Promise<void>) | undefined;
}

export function createCommands(deps: CommandDeps): Commands {
  return {
    ...operatorCommands(deps),
    ...subscriberCommands(deps),
    ...cashbackCommands(deps),
    ...earningCommands(deps),
    ...partnerCommands(deps.core.partners),
    ...brakeCommands(deps.core.brakes),
    ...awardCommands(createAwards(deps.storage.pool, deps.core.ledger)),
    ...clearingCommands(deps.core.partners.clearing),
    ...auditCommands(deps.storage.pool),
    ...reportCommands(createReports(deps.config, deps.storage.pool, deps.clock)),
  };
}

function operatorCommands(deps: CommandDeps): Commands {
  const { core, storage, clock } = deps;
  return {
    status: () => Promise.resolve(deps.status()),
    audit: () => auditLedger(storage.pool),
    sweep: () =>
      sweep(core.ledger, storage.pool, clock.now(), deps.config().programme.expiryWarning.required),
    explain: command(z.object({ subject: z.string() }), ({ subject }) =>
      explain(
        {
          pool: storage.pool,
          subscribers: core.subscribers,
          now: clock.now(),
          numberPlan: deps.config().numberPlan,
        },
        subject,
      ),
    ),
    'token.create': command(
      z.object({ name: z.string().min(1).max(60), scopes: z.array(z.enum(SCOPES)).min(1) }),
      async ({ name, scopes }) => {
        const token = await core.tokens.createToken(name, scopes);
        if (token === undefined) throw new BadArguments(`a token named "${name}" exists already`);
        return { name, scopes, token };
      },
    ),
    'token.list': () => core.tokens.listTokens(),
    'token.revoke': command(z.object({ name: z.string() }), async ({ name }) => {
      if (!(await core.tokens.revokeToken(name))) throw new BadArguments(`no token is named "${name}"`);
      return { revoked: true };
    }),
    advance: command(z.object({ days: z.number().min(0).max(3650) }), async ({ days }) => {
      if (deps.advance === undefined) throw new BadArguments('only the demo can move its clock');
      await deps.advance(days);
      return { now: new Date(clock.now()).toISOString() };
    }),
  };
}

function subscriberCommands(deps: CommandDeps): Commands {
  const { core, clock } = deps;
  const { subscribers } = core;
  const number = (text: string): Msisdn => parseMsisdn(text, deps.config().numberPlan);
  const owner = async (text: string): Promise<Subscriber> => {
    const found = await subscribers.resolveNumber(number(text), clock.now());
    if (found === undefined) throw new Refusal('subscriber_unknown');
    return found;
  };
  const event = () => {
    const trace = newTraceId();
    return { eventId: `cli ${trace}`, actor: 'operator', trace };
  };
  const msisdn = z.string();
  const shown = ({ id, ...rest }: Subscriber) => ({ id: id.toString(), ...rest });
  return {
    'subscriber.add': addSubscriber(deps, number, event),
    'subscriber.show': command(z.object({ msisdn }), async ({ msisdn: text }) => {
      const subscriber = await owner(text);
      return { ...shown(subscriber), balance: await core.ledgerApi.balance(subscriber.id) };
    }),
    'subscriber.history': command(
      z.object({ msisdn, limit: z.number().int().min(1).max(100) }),
      async (args) => {
        const { id } = await owner(args.msisdn);
        return core.ledgerApi.history(id, { limit: args.limit, after: undefined });
      },
    ),
    'subscriber.pin': command(z.object({ msisdn, pin: z.string() }), async ({ msisdn: text, pin }) => {
      await subscribers.setPin((await owner(text)).id, pin);
      return { done: true };
    }),
    'subscriber.adjust': command(
      z.object({
        msisdn,
        points: z.string().regex(/^-?[1-9]\d{0,15}$/, 'write a whole number, for example 100 or -100'),
        reason: z.string().min(1).max(200),
        key: z.string(),
      }),
      async ({ msisdn: text, points, reason, key }) => {
        const { id } = await owner(text);
        const actor = { name: 'operator', scopes: [], trace: newTraceId() };
        const adjustment = {
          idempotencyKey: key,
          subscriberId: id,
          points: BigInt(points),
          reason,
          comment: '',
        };
        return core.ledgerApi.adjust(actor, adjustment);
      },
    ),
    'subscriber.extend-expiry': command(
      z.object({
        msisdn,
        lastDay: z.iso.date('a day, for example 2026-12-31'),
        reason: z.string().min(1).max(200),
        key: z.string(),
      }),
      async ({ msisdn: text, lastDay, reason, key }) => {
        const actor = { name: 'operator', scopes: [], trace: newTraceId() };
        const { id: subscriberId } = await owner(text);
        return core.ledgerApi.extendExpiry(actor, { idempotencyKey: key, subscriberId, lastDay, reason });
      },
    ),
    ...lifecycleCommands(deps, number, event),
  };
}

function addSubscriber(
  { core: { subscribers }, config }: CommandDeps,
  number: (text: string) => Msisdn,
  event: () => LifecycleRequest,
) {
  return command(
    z.object({
      msisdn: z.string(),
      language: z.enum(LANGUAGES).optional(),
      zone: z.string().refine(isZone, 'is no IANA time zone, for example Europe/Moscow').optional(),
      pin: z.string().optional(),
    }),
    async ({ msisdn: text, language, zone, pin }) => {
      const { programme } = config();
      const registration = {
        msisdn: number(text),
        language: language ?? programme.language,
        zone: zone ?? programme.zone,
      };
      const { subscriberId } = await subscribers.register(event(), registration);
      if (pin !== undefined) await subscribers.setPin(subscriberId, pin);
      return { id: subscriberId.toString() };
    },
  );
}

function lifecycleCommands(
  { core: { subscribers } }: CommandDeps,
  number: (text: string) => Msisdn,
  event: () => LifecycleRequest,
): Commands {
  const msisdn = z.string();
  return {
    'subscriber.suspend': command(z.object({ msisdn }), ({ msisdn: text }) =>
      subscribers.suspend(event(), number(text)),
    ),
    'subscriber.resume': command(z.object({ msisdn }), ({ msisdn: text }) =>
      subscribers.resume(event(), number(text)),
    ),
    'subscriber.terminate': command(z.object({ msisdn }), ({ msisdn: text }) =>
      subscribers.terminate(event(), number(text)),
    ),
    'subscriber.change-number': command(z.object({ msisdn, to: z.string() }), ({ msisdn: text, to }) =>
      subscribers.changeNumber(event(), number(text), number(to)),
    ),
  };
}

function cashbackCommands({ storage: { pool }, clock, browsing, core, config }: CommandDeps): Commands {
  return {
    'cashback.merchant': command(
      z.object({ name: z.string().min(1), hosts: z.array(z.string()).min(1) }),
      async (merchant) => {
        const saved = await saveMerchant(pool, merchant, clock.now());
        await browsing()?.poll();
        return saved;
      },
    ),
    'cashback.audience': command(
      z.object({ members: z.array(z.object({ msisdn: z.string(), identity: z.string() })) }),
      async ({ members }) => {
        const known = await Promise.all(
          members.map(async ({ msisdn, identity }) => {
            const found = await core.subscribers.resolveNumber(
              parseMsisdn(msisdn, config().numberPlan),
              clock.now(),
            );
            if (found === undefined) throw new Refusal('subscriber_unknown');
            return { subscriber: found.id, identity };
          }),
        );
        await addAudience(
          pool,
          known.map(({ subscriber }) => subscriber),
          clock.now(),
        );
        for (const binding of known) await bindIdentity(pool, binding, clock.now());
        await browsing()?.poll();
        return { members: known.length };
      },
    ),
  };
}
