/** One id from the PDU, call or HTTP request through the posting to the reply: 32 lower-case hex digits. */
export type TraceId = string & { readonly __brand: 'TraceId' };

/** How far a bind, trunk or client vouches for the sender's number. Untrusted ones get enquiries only. */
export type Origin = 'network' | 'untrusted';

/** Through which door a command came; stored with each request. */
export const CHANNELS = ['sms', 'ussd', 'ivr', 'web', 'api', 'cli', 'system'] as const;
export type Channel = (typeof CHANNELS)[number];
