import type { Programme } from '../bonus/programme.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Db } from '../storage/postgres.ts';
import { builtinRules } from './builtin-rules.ts';
import type { Parameters } from './parameters.ts';
import { ruleDocument, type RuleDocument } from './rule-document.ts';
import {
  findPublished,
  findPublishedVersion,
  listRuleNumbers,
  type StoredRuleSet,
} from './rule-set-store.ts';
import { compileRuleSet, documentProblemText, type RuleSet } from './rule-set.ts';

/** The rules in force, in memory. */
export interface RuleSnapshot {
  current(): RuleSet;
  /** Takes over what is published now; every daemon does so by itself within {@link FOLLOW_EVERY_MS}. */
  refresh(): Promise<void>;
  stop(): void;
}

const FOLLOW_EVERY_MS = 1_000;

export interface SnapshotDeps {
  readonly db: Db;
  readonly parameters: Parameters;
  readonly clock: Clock;
  readonly log: Logger;
  programme(): Programme;
}

/** Loads the rules in force and follows what other daemons publish. */
export async function followRules(deps: SnapshotDeps): Promise<RuleSnapshot> {
  let published: RuleSet | undefined;
  let builtin: { readonly rates: Programme['earning']; readonly set: RuleSet } | undefined;
  const refresh = async (): Promise<void> => {
    const version = await findPublishedVersion(deps.db);
    if (version === published?.version) return;
    const stored = version === undefined ? undefined : await findPublished(deps.db);
    published = stored && (await compileStored(deps, stored));
    deps.log.info({ version: published?.version ?? 0 }, 'earning rules in force');
  };
  let stopped = false;
  let cancel: () => void = () => undefined;
  const follow = (): void => {
    cancel = deps.clock.after(FOLLOW_EVERY_MS, () => {
      void refresh()
        .catch((error: unknown) =>
          deps.log.error({ err: error }, 'earning rules not read, the last ones stay'),
        )
        .then(() => {
          if (!stopped) follow();
        });
    });
  };
  await refresh();
  follow();
  return {
    current: () => {
      if (published !== undefined) return published;
      const rates = deps.programme().earning;
      // A reload of the configuration brings new rates.
      if (builtin?.rates !== rates) builtin = { rates, set: builtinRules(rates) };
      return builtin.set;
    },
    refresh,
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}

/** Compiles a stored version. Published rules compiled once; if a newer engine refuses them, that is a bug to see. */
export async function compileStored(
  { db, parameters }: Pick<SnapshotDeps, 'db' | 'parameters'>,
  stored: StoredRuleSet,
): Promise<RuleSet> {
  await parameters.refresh();
  const numbers = await listRuleNumbers(db);
  const compiled = compileRuleSet(parseStored(stored), stored.version, parameters.definitions(), numbers);
  if (compiled.kind === 'compiled') return compiled.set;
  const problems = compiled.problems.map(documentProblemText).join('; ');
  throw new Error(`version ${String(stored.version)} of the earning rules does not compile: ${problems}`);
}

export function parseStored({ document }: Pick<StoredRuleSet, 'document'>): RuleDocument {
  return ruleDocument.parse(JSON.parse(document));
}
