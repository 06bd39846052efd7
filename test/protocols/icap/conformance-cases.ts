import type { RedirectRequest } from '../../../src/channels/redirect/decision.ts';
import { framingCases } from './cases-framing.ts';
import { hostileCases } from './cases-hostile.ts';
import { optionsCases } from './cases-options.ts';
import { redirectCases } from './cases-redirect.ts';
import { reqmodCases } from './cases-reqmod.ts';

/** One conversation: what a client sends on a fresh connection, and what it must hear. */
export interface ConformanceCase {
  readonly group: string;
  readonly it: string;
  readonly send: string | readonly (string | Buffer)[];
  /** Status codes in order; after the last one the server closes (the client has half-closed). */
  readonly statuses: readonly number[];
  readonly contains?: readonly string[];
  readonly lacks?: readonly string[];
  /** Something the server must have counted. */
  readonly event?: string;
  /** What the decision was asked first; null: it was not asked at all. */
  readonly asked?: Partial<RedirectRequest> | null;
}

export const conformanceCases: readonly ConformanceCase[] = [
  ...optionsCases,
  ...reqmodCases,
  ...framingCases,
  ...hostileCases,
  ...redirectCases,
];
