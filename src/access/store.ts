import type { Db } from '../storage/postgres.ts';
import { instant, type Instant } from '../values/instant.ts';

export interface TokenRow {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: Instant;
  readonly revokedAt: Instant | undefined;
}

interface Row {
  readonly name: string;
  readonly scopes: string[];
  readonly created_at: Date;
  readonly revoked_at: Date | null;
}

/** False when a token of that name exists, revoked ones included: the audit must never mix two of them up. */
export async function insertToken(
  db: Db,
  token: {
    readonly name: string;
    readonly secretHash: Buffer;
    readonly scopes: readonly string[];
    readonly at: Instant;
  },
): Promise<boolean> {
  const rows = await db.query(
    `insert into api_token (name, secret_hash, scopes, created_at) values ($1, $2, $3, $4)
     on conflict (name) do nothing returning id`,
    [token.name, token.secretHash, token.scopes, new Date(token.at)],
  );
  return rows.length === 1;
}

/** The living token with this hash. */
export async function findToken(db: Db, secretHash: Buffer): Promise<TokenRow | undefined> {
  const [row] = await db.query<Row>(
    'select name, scopes, created_at, revoked_at from api_token where secret_hash = $1 and revoked_at is null',
    [secretHash],
  );
  return row === undefined ? undefined : toToken(row);
}

export async function listTokens(db: Db): Promise<TokenRow[]> {
  return (
    await db.query<Row>('select name, scopes, created_at, revoked_at from api_token order by name')
  ).map(toToken);
}

/** False when there is no living token of that name. */
export async function revokeToken(db: Db, name: string, at: Instant): Promise<boolean> {
  const rows = await db.query(
    'update api_token set revoked_at = $2 where name = $1 and revoked_at is null returning id',
    [name, new Date(at)],
  );
  return rows.length === 1;
}

function toToken(row: Row): TokenRow {
  return {
    name: row.name,
    scopes: row.scopes,
    createdAt: instant(row.created_at.getTime()),
    revokedAt: row.revoked_at === null ? undefined : instant(row.revoked_at.getTime()),
  };
}
