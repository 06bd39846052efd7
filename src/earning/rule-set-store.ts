import type { Db, PostgresPool } from '../storage/postgres.ts';

export type RuleSetStatus = 'draft' | 'published' | 'retired';

/** A version of the rules as it is stored; its rules never change. */
export interface StoredRuleSet {
  readonly version: number;
  readonly status: RuleSetStatus;
  /** The rules as JSON text, as they were given. */
  readonly document: string;
  readonly hash: string;
  readonly engine: string;
  readonly author: string;
  readonly createdAt: Date;
  /** Report of the last replay as JSON text; null before it. */
  readonly replay: string | null;
  readonly publisher: string | null;
  readonly publishedAt: Date | null;
  readonly retiredAt: Date | null;
}

const COLUMNS = `version, status, document, hash, engine, author, created_at as "createdAt", replay, publisher,
  published_at as "publishedAt", retired_at as "retiredAt"`;

/** One writer of versions at a time: drafts are numbered, and only one version is in force. */
const LOCK = `select pg_advisory_xact_lock(hashtextextended('earning_rule_set', 0))`;

/** More rules than the account row has room for numbers of; see {@link compileRuleSet}. */
export const RULE_NUMBERS_MAX = 2_200;

export type RuleSetDraft = Pick<StoredRuleSet, 'document' | 'hash' | 'engine' | 'author'>;

/** Stores a draft under the next version, and gives every new rule its permanent number. */
export async function insertDraft(
  pool: PostgresPool,
  draft: RuleSetDraft,
  codes: readonly string[],
  now: number,
): Promise<number> {
  return pool.transaction(async (tx) => {
    await tx.query(LOCK);
    await tx.query(
      `insert into earning_rule_number (code, number)
        select code, (select coalesce(max(number), 0) from earning_rule_number) + row_number() over (order by n)
          from unnest($1::text[]) with ordinality c(code, n)
         where not exists (select 1 from earning_rule_number k where k.code = c.code)`,
      [codes],
    );
    const rows = await tx.query<{ version: number }>(
      `insert into earning_rule_set (version, status, document, hash, engine, author, created_at)
        select coalesce(max(version), 0) + 1, 'draft', $1, $2, $3, $4, $5 from earning_rule_set returning version`,
      [draft.document, draft.hash, draft.engine, draft.author, new Date(now)],
    );
    return rows[0]!.version;
  });
}

export async function listRuleNumbers(db: Db): Promise<Map<string, number>> {
  const rows = await db.query<{ code: string; number: number }>(
    'select code, number from earning_rule_number',
  );
  return new Map(rows.map(({ code, number }) => [code, number]));
}

export async function findRuleSet(db: Db, version: number): Promise<StoredRuleSet | undefined> {
  const rows = await db.query<StoredRuleSet>(`select ${COLUMNS} from earning_rule_set where version = $1`, [
    version,
  ]);
  return rows[0];
}

export async function findPublished(db: Db): Promise<StoredRuleSet | undefined> {
  const rows = await db.query<StoredRuleSet>(
    `select ${COLUMNS} from earning_rule_set where status = 'published'`,
  );
  return rows[0];
}

/** The number of the version in force; undefined while the configuration's own rates are. */
export async function findPublishedVersion(db: Db): Promise<number | undefined> {
  const rows = await db.query<{ version: number }>(
    `select version from earning_rule_set where status = 'published'`,
  );
  return rows[0]?.version;
}

export async function listRuleSets(db: Db, limit: number): Promise<StoredRuleSet[]> {
  return db.query<StoredRuleSet>(`select ${COLUMNS} from earning_rule_set order by version desc limit $1`, [
    limit,
  ]);
}

export async function saveReplay(db: Db, version: number, report: string): Promise<void> {
  await db.query(`update earning_rule_set set replay = $2 where version = $1 and status = 'draft'`, [
    version,
    report,
  ]);
}

/** Puts a draft in force in place of the version that was; false when it is no draft any more. */
export async function markPublished(
  pool: PostgresPool,
  version: number,
  publisher: string,
  now: number,
): Promise<boolean> {
  return pool.transaction(async (tx) => {
    await tx.query(LOCK);
    const [found] = await tx.query<{ status: RuleSetStatus }>(
      'select status from earning_rule_set where version = $1',
      [version],
    );
    if (found?.status !== 'draft') return false;
    await tx.query(
      `update earning_rule_set set status = 'retired', retired_at = $1 where status = 'published'`,
      [new Date(now)],
    );
    await tx.query(
      `update earning_rule_set set status = 'published', publisher = $2, published_at = $3 where version = $1`,
      [version, publisher, new Date(now)],
    );
    return true;
  });
}

/** Ends the version in force; false when it is not. */
export async function markRetired(db: Db, version: number, now: number): Promise<boolean> {
  const rows = await db.query(
    `update earning_rule_set set status = 'retired', retired_at = $2
      where version = $1 and status = 'published' returning version`,
    [version, new Date(now)],
  );
  return rows.length === 1;
}
