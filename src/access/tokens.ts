import { createHash, randomBytes } from 'node:crypto';
import type { Scope } from '../channels/api/route.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Db } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import { later } from '../values/instant.ts';
import { findToken, insertToken, listTokens, revokeToken } from './store.ts';

/** Who holds a token and what it opens. */
export interface TokenHolder {
  readonly name: string;
  readonly scopes: readonly Scope[];
}

/** How long a revoked token may still be believed, and a new one is unknown to a daemon that refused it before. */
export const TOKEN_CACHE_MS = 5_000;
const CACHE_MAX = 1_000;

export type Tokens = ReturnType<typeof createTokens>;

/** Bearer tokens of the HTTP API. Only a hash is kept: 256 random bits need no slow one. */
export function createTokens(db: Db, clock: Clock) {
  const known = new Map<
    string,
    { readonly holder: Promise<TokenHolder | undefined>; readonly until: Instant }
  >();

  const load = async (hash: Buffer): Promise<TokenHolder | undefined> => {
    const row = await findToken(db, hash);
    return row === undefined ? undefined : { name: row.name, scopes: row.scopes as readonly Scope[] };
  };

  return {
    /** Answers the secret, which is shown once and stored nowhere; undefined when the name is taken. */
    createToken: async (name: string, scopes: readonly Scope[]): Promise<string | undefined> => {
      const secret = `bg_${randomBytes(32).toString('base64url')}`;
      const made = await insertToken(db, { name, secretHash: hashOf(secret), scopes, at: clock.now() });
      return made ? secret : undefined;
    },

    /** Whose token this is; undefined for none. Answers are remembered for {@link TOKEN_CACHE_MS}. */
    verifyToken: (secret: string): Promise<TokenHolder | undefined> => {
      const hash = hashOf(secret);
      const key = hash.toString('base64');
      const found = known.get(key);
      if (found !== undefined && clock.now() < found.until) return found.holder;
      const holder = load(hash);
      if (known.size >= CACHE_MAX) known.clear();
      known.set(key, { holder, until: later(clock.now(), TOKEN_CACHE_MS) });
      holder.catch(() => known.delete(key));
      return holder;
    },

    listTokens: () => listTokens(db),

    /** Ends a token: at once here, within {@link TOKEN_CACHE_MS} in other daemons. */
    revokeToken: async (name: string): Promise<boolean> => {
      const revoked = await revokeToken(db, name, clock.now());
      known.clear();
      return revoked;
    },
  };
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
