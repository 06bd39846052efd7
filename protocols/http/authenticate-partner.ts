import type { FastifyInstance, onRequestAsyncHookHandler, preValidationAsyncHookHandler } from 'fastify';
import './request.ts';
import type { AuthenticatePartner, NotBelieved } from '../../src/partners/ports.ts';
import type { HttpConfig } from '../../src/runtime/config/http.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { counter } from '../../src/runtime/metrics.ts';
import { rateLimited } from './authenticate.ts';
import { hashOfBody, parseSignature, SIGNATURE_SCHEME, signedText } from './partner-signature.ts';
import { WireProblem } from './problem.ts';

const refused = counter(
  'bonusgate_partner_requests_refused_total',
  'Signed requests that were not believed',
  ['reason'],
);

const MINUTE_MS = 60_000;

/** Says no more than a partner's developer needs: which of the five it was tells an attacker nothing new. */
const DETAIL: Readonly<Record<NotBelieved | 'header' | 'body', string>> = {
  header: `Send the header "Authorization: ${SIGNATURE_SCHEME} key=..., time=..., nonce=..., body=..., signature=...".`,
  key: 'The key is unknown or revoked.',
  signature: 'The signature does not fit the method, path, body hash, time, nonce and key.',
  body: 'The body is not the one that was signed.',
  stale: 'The time is too far from ours; sign again with the present time.',
  replayed: 'The nonce was used before; sign again with a new one.',
  blocked: 'The partner is blocked; ask the operator.',
};

/**
 * Checks the signature of a request of the partner API before any octet of its body is read, and that the body is the
 * signed one before it is looked at. What is not believed is logged and counted.
 */
export function partnerAuthenticator(
  app: FastifyInstance,
  config: HttpConfig,
  { authenticatePartner, log }: { readonly authenticatePartner: AuthenticatePartner; readonly log: Logger },
): { readonly onRequest: onRequestAsyncHookHandler; readonly preValidation: preValidationAsyncHookHandler } {
  const badSignatures = app.createRateLimit({ max: config.badTokensPerMinute, timeWindow: MINUTE_MS });
  const calls = app.createRateLimit({
    max: config.requestsPerMinute,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => request.partner?.partner.code ?? request.ip,
  });
  const refuse = (reason: NotBelieved | 'header' | 'body', trace: string, key?: string): WireProblem => {
    refused.inc({ reason });
    log.warn({ reason, key, trace }, 'signed request refused');
    const code = reason === 'blocked' ? 'partner_blocked' : `signature_${reason}`;
    return new WireProblem(reason === 'blocked' ? 403 : 401, code, DETAIL[reason], {
      'www-authenticate': `${SIGNATURE_SCHEME} realm="bonusgate"`,
    });
  };

  return {
    onRequest: async (request) => {
      const before = await badSignatures(request, { increment: false });
      if (!before.isAllowed && before.remaining === 0) throw rateLimited(before.ttlInSeconds);
      const signature = parseSignature(request.headers.authorization);
      if (signature === undefined) throw refuse('header', request.trace);
      const text = signedText(request.method, request.raw.url ?? '', signature);
      const actor = await authenticatePartner({ ...signature, text, trace: request.trace });
      if (typeof actor === 'string') {
        await badSignatures(request);
        throw refuse(actor, request.trace, signature.keyId);
      }
      request.partner = actor;
      request.signedBodyHash = signature.bodyHash;
      const rate = await calls(request);
      if (!rate.isAllowed && rate.isExceeded) throw rateLimited(rate.ttlInSeconds);
    },
    preValidation: async (request) => {
      if (hashOfBody(request.bodyOctets) !== request.signedBodyHash) {
        throw refuse('body', request.trace, request.partner?.key);
      }
      await Promise.resolve();
    },
  };
}
