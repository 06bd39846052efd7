/** One HTTP request as the DPI platform showed it, already past every framing and identity check. */
export interface RedirectRequest {
  /** Upper-case method as sent. */
  readonly method: string;
  /** Absolute request target for plain HTTP, rebuilt from Host when it was in origin form. */
  readonly url: string;
  /** Normalised host: lower case, port 80 and trailing dot removed, IDNA. */
  readonly host: string;
  /** Value of the identity header that won by precedence, decoded; undefined when there is none or two disagree. */
  readonly identity: string | undefined;
}

/** Why a request passed; one counter per reason, so that reach can be measured before it is promised. */
export const PASS_REASONS = [
  'method',
  'connect',
  'not_http',
  'malformed',
  'not_partner',
  'url_too_long',
  'no_identity',
  'unknown_identity',
  'not_eligible',
  'answered',
  'recently_shown',
  'loop_guard',
  'snapshot_not_ready',
  'offer_unavailable',
  'deadline',
  'fault',
] as const;
export type PassReason = (typeof PASS_REASONS)[number];

export type Decision =
  | { readonly kind: 'pass'; readonly reason: PassReason }
  | { readonly kind: 'redirect'; readonly location: string };

/** Synchronous, in memory, never throws: what cannot be decided passes. */
export type Decide = (request: RedirectRequest) => Decision;
