import { Refusal, type RefusalCode } from '../errors.ts';
import type { RuleInputs, RuleValue } from '../rules/value.ts';
import type { Db } from '../storage/postgres.ts';
import { findParameterValue, type ParameterDefinition } from './parameter.ts';
import {
  insertFacts,
  listDefinitions,
  listValuesAsOf,
  saveDefinition,
  type ParameterFact,
} from './parameter-store.ts';
import { RESERVED } from './variables.ts';

/** How one told value ended. */
export type FactResult =
  { readonly kind: 'recorded' } | { readonly kind: 'refused'; readonly code: RefusalCode };

/** Loyalty parameters: typed, dated facts about members, never overwritten (bonus-core §2b, §3.1). */
export interface Parameters {
  /** As they were when last read; {@link refresh} reads again. */
  definitions(): readonly ParameterDefinition[];
  refresh(): Promise<void>;
  /** @throws Refusal `parameter_invalid` for a reserved name or a changed type */
  define(definition: ParameterDefinition): Promise<void>;
  /** Stores values, each with a fate of its own; the same value told again is recorded already. */
  record(facts: readonly ParameterFact[], source: string, now: number): Promise<FactResult[]>;
  /** Values as of each member's moment, in order. */
  valuesAsOf(
    members: readonly { readonly subscriber: bigint; readonly at: number }[],
    codes: readonly string[],
  ): Promise<RuleInputs[]>;
}

export async function openParameters(db: Db): Promise<Parameters> {
  let known: ReadonlyMap<string, ParameterDefinition> = new Map();
  const refresh = async (): Promise<void> => {
    known = new Map((await listDefinitions(db)).map((one) => [one.code, one]));
  };
  await refresh();
  return {
    definitions: () => [...known.values()],
    refresh,
    define: async (definition) => {
      const { code } = definition;
      if (RESERVED.includes(code)) throw new Refusal('parameter_invalid', { parameter: code });
      if (!(await saveDefinition(db, definition)))
        throw new Refusal('parameter_invalid', { parameter: code });
      await refresh();
    },
    record: (facts, source, now) => recordFacts(db, known, facts, source, now),
    valuesAsOf: async (members, codes) => {
      const values: Record<string, RuleValue>[] = members.map(() => ({}));
      if (codes.length === 0 || members.length === 0) return values;
      for (const { index, code, value } of await listValuesAsOf(db, members, codes)) {
        const definition = known.get(code);
        const parsed = definition && findParameterValue(definition, value);
        if (parsed !== undefined) values[index]![code] = parsed;
      }
      return values;
    },
  };
}

/** Facts that may be stored are stored in one statement; the others are refused in their place. */
async function recordFacts(
  db: Db,
  known: ReadonlyMap<string, ParameterDefinition>,
  facts: readonly ParameterFact[],
  source: string,
  now: number,
): Promise<FactResult[]> {
  const results = facts.map((fact): FactResult => {
    const definition = known.get(fact.code);
    if (definition === undefined) return { kind: 'refused', code: 'parameter_unknown' };
    if (findParameterValue(definition, fact.value) === undefined || fact.asOf > now) {
      return { kind: 'refused', code: 'parameter_invalid' };
    }
    return { kind: 'recorded' };
  });
  const storable = facts.filter((_, index) => results[index]!.kind === 'recorded');
  const standing = storable.length === 0 ? [] : await insertFacts(db, storable, source, now);
  let at = 0;
  return results.map((result, index) => {
    if (result.kind === 'refused' || standing[at++] === facts[index]!.value) return result;
    return { kind: 'refused', code: 'parameter_conflict' };
  });
}
