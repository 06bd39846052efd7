import { expiresAt, type ExpiresAt } from '../bonus/expiry.ts';
import type { Programme } from '../bonus/programme.ts';
import { assert, Refusal, type RefusalCode } from '../errors.ts';
import { businessEventKind } from '../ledger/kinds/business-event.ts';
import { walletOf } from '../ledger/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { EARNED } from '../ledger/lot-classes.ts';
import { toWrite, type Operation, type RecordWrite, type View } from '../ledger/operation.ts';
import { channelNumber, clientRequest, contentHash, traceOctets } from '../ledger/request-key.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EarningConfig } from '../runtime/config/earning.ts';
import type { Logger } from '../runtime/log.ts';
import type { RuleInputs } from '../rules/value.ts';
import { DAY_MS, MINUTE_MS } from '../values/instant.ts';
import { award, type Awarded } from './award.ts';
import type { MemberEvent } from './event.ts';
import { eventsRecorded } from './metrics.ts';
import type { Parameters } from './parameters.ts';
import { planAwards, type EarningState, type Plan } from './plan.ts';
import { noteOutcomes } from './rule-health.ts';
import type { EarningRule, RuleSet } from './rule-set.ts';
import type { RuleSnapshot } from './snapshot.ts';
import { eventInputs } from './variables.ts';

export interface RecordDeps {
  readonly ledger: Ledger;
  readonly rules: Pick<RuleSnapshot, 'current'>;
  readonly parameters: Pick<Parameters, 'valuesAsOf'>;
  readonly clock: Clock;
  readonly log: Logger;
  programme(): Programme;
  config(): Pick<EarningConfig, 'backdateDaysMax'>;
}

/** How one event ended. */
export type EventOutcome =
  | { readonly kind: 'recorded' | 'replayed'; readonly points: bigint }
  | { readonly kind: 'refused'; readonly code: RefusalCode };

export type RecordMemberEvents = (
  events: readonly MemberEvent[],
  queue?: 'live' | 'bulk',
) => Promise<EventOutcome[]>;

/** Reporters' clocks may be ahead by so much. */
const FUTURE_MAX_MS = 5 * MINUTE_MS;

/**
 * Applies the rules in force to events and books what they earn, each once however often it is reported.
 *
 * One event is one ledger operation: its record, all of its awards and their transfers commit together.
 */
export async function createRecordMemberEvents(deps: RecordDeps): Promise<RecordMemberEvents> {
  const { id: classId } = await deps.ledger.classes.intern(EARNED);
  const lapse = cachedExpiry();
  return async (events, queue = 'live') => {
    const set = deps.rules.current();
    const codes = new Set(events.flatMap(({ type }) => set.parametersOf.get(type) ?? []));
    const members = events.map(({ member, occurredAt }) => ({ subscriber: member.id, at: occurredAt }));
    const values = await deps.parameters.valuesAsOf(members, [...codes]);
    return Promise.all(
      events.map((event, index) => {
        const programme = deps.programme();
        const context: Context = { deps, set, programme, classId, lapse: lapse(programme) };
        return recordOne(context, event, values[index]!, queue);
      }),
    );
  };
}

interface Context {
  readonly deps: RecordDeps;
  readonly set: RuleSet;
  readonly programme: Programme;
  readonly classId: number;
  readonly lapse: ExpiresAt;
}

/** Remembers the expiry of the programme's present configuration: it is costly to compute. */
export function cachedExpiry(): (programme: Programme) => ExpiresAt {
  let known: { readonly programme: Programme; readonly lapse: ExpiresAt } | undefined;
  return (programme) => {
    if (known?.programme !== programme) known = { programme, lapse: expiresAt(programme) };
    return known.lapse;
  };
}

async function recordOne(
  context: Context,
  event: MemberEvent,
  parameters: RuleInputs,
  queue: 'live' | 'bulk',
): Promise<EventOutcome> {
  const { deps, set } = context;
  const now = deps.clock.now();
  if (event.occurredAt > now + FUTURE_MAX_MS) return counted({ kind: 'refused', code: 'event_in_future' });
  const rules = set.byType.get(event.type) ?? [];
  let planned: Plan | undefined;
  const part = operationOf(context, event, parameters, rules, (plan) => (planned = plan));
  const posted = await deps.ledger.post({ ...part, request: requestOf(event) }, queue);
  assert(posted.kind === 'posted', 'an event is no MO');
  const { verdict, replayed } = posted;
  if (planned !== undefined && !replayed) noteOutcomes(rules, planned, set, now, deps.log);
  if (verdict.kind === 'refused') return counted({ kind: 'refused', code: verdict.code });
  const { points } = verdict.data as Awarded;
  return counted({ kind: replayed ? 'replayed' : 'recorded', points });
}

function counted(outcome: EventOutcome): EventOutcome {
  eventsRecorded.inc({ result: outcome.kind });
  return outcome;
}

function operationOf(
  { deps, set, programme, classId, lapse }: Context,
  event: MemberEvent,
  parameters: RuleInputs,
  rules: readonly EarningRule[],
  onPlan: (plan: Plan) => void,
): Pick<Operation, 'keys' | 'decide'> {
  const { zone } = programme;
  const { occurredAt, member } = event;
  const inputs = eventInputs(event, { ...member, zone, parameters });
  const days = deps.config().backdateDaysMax;
  const asked = deps.clock.now();
  const admitted = rules.map(({ breaker }) => breaker.admits(asked));
  return award({
    to: walletOf(member.id),
    source: 'rule',
    version: set.version,
    classId,
    expiresAt: lapse,
    debtSharePpm: programme.debtSharePpm,
    plan: (state, now) => {
      if (occurredAt < now - days * DAY_MS) throw new Refusal('event_backdated', { days });
      const admits = (rule: EarningRule): boolean => admitted[rules.indexOf(rule)] === true;
      const plan = planAwards({ rules, inputs, occurredAt, now, zone, admits }, state);
      onPlan(plan);
      return plan;
    },
    records: (plan, state, view) => [recordOf(event, set.version, plan, state, view)],
  });
}

function recordOf(
  event: MemberEvent,
  version: number,
  plan: Plan,
  state: EarningState,
  view: View,
): RecordWrite {
  const { home, id: account } = walletOf(event.member.id);
  return toWrite(businessEventKind, {
    home,
    account,
    serial: view.serial(),
    type: event.type,
    minor: event.minor,
    currency: event.currency,
    occurredAt: event.occurredAt,
    partner: event.partner,
    labels: JSON.stringify(event.labels),
    tier: state.tier,
    version,
    points: plan.points,
    recordedAt: view.now,
  });
}

function requestOf(event: MemberEvent): Operation['request'] {
  const { scope, id, type, member, minor, currency, occurredAt, partner, labels } = event;
  return {
    ...clientRequest(scope, id, occurredAt),
    contentHash: contentHash({
      ...{ type, subscriber: member.id, minor, currency, occurredAt, partner },
      ...(labels.length > 0 && { labels: JSON.stringify(labels) }),
    }),
    trace: traceOctets(event.trace),
    channel: channelNumber(event.channel),
    actor: event.actor,
    operation: `event_${type}`,
  };
}
