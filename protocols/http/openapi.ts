import swagger, { type SwaggerTransform } from '@fastify/swagger';
import './request.ts';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PartnerRoute, Route } from '../../src/channels/api/route.ts';
import { SIGNATURE_SCHEME } from './partner-signature.ts';
import { PROBLEM_TYPE } from './problem.ts';

/** A scheme of our own among those of HTTP; OpenAPI names it and leaves its description to us. */
const SIGNATURE = {
  type: 'http',
  scheme: SIGNATURE_SCHEME,
  description:
    'HMAC-SHA-256 with the secret of a partner key over seven lines: the scheme, the method, the path with its query, ' +
    'the SHA-256 of the body in hex, the time in seconds since 1970, a nonce of 16 to 64 characters, the key id.',
} as const;

/** Registered before the routes: it collects them as they are mounted. Served at `/openapi.json` without a token. */
export async function serveOpenapi(
  app: FastifyInstance,
  version: string,
  publicBaseUrl?: string,
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'bonusgate',
        version,
        description:
          'Bonus points of subscribers. Points and money are decimal strings of minor units, never floating point. ' +
          'Errors are application/problem+json; switch on `code`. After a 503 or a lost answer repeat the same ' +
          'request with the same Idempotency-Key.',
      },
      servers: [{ url: publicBaseUrl ?? '/' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' }, signature: SIGNATURE } },
    },
    transform: withBodyExample,
  });
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => reply.send(app.swagger()));
}

/** zod leaves examples out of a body that it transforms: they could be meant for either side of the transform. */
const withBodyExample: SwaggerTransform = (document) => {
  const described = jsonSchemaTransform(document);
  const example = document.route.config?.example?.body;
  const body = described.schema.body as { examples?: unknown[] } | undefined;
  if (body !== undefined && example !== undefined) body.examples = [example];
  return described;
};

const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string().meta({ description: 'stable; switch on this' }),
  trace: z.string().optional(),
  context: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  example: z.unknown().optional(),
});

const keyHeader = z.looseObject({
  'idempotency-key': z
    .string()
    .min(1)
    .max(128)
    .meta({ description: 'new for each operation, the same when repeated' }),
});

/** The documentation and the checks of one route come from the same schemas. */
export function operationOf(route: Route | PartnerRoute): FastifySchema {
  const idempotent = route.auth === undefined && route.idempotent === true;
  const { example } = route;
  const done = {
    description: 'Done, now or before.',
    ...(example === undefined ? {} : { examples: [example.answer] }),
  };
  const problemAnswer = (description: string) => ({
    description,
    content: { [PROBLEM_TYPE]: { schema: problemSchema } },
  });
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[/:]+|-/g, '_')}`,
    tags: [route.path.split('/')[2] ?? 'api'],
    security: [route.auth === 'partner' ? { signature: [] } : { token: [route.scope] }],
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.query === undefined ? {} : { querystring: route.query }),
    ...(route.body === undefined ? {} : { body: route.body }),
    ...(idempotent ? { headers: keyHeader } : {}),
    response: {
      200: route.answer.meta(done),
      '4XX': problemAnswer('The request cannot be done as it is.'),
      503: problemAnswer('Nobody knows whether it was done. Repeat the same request.'),
    },
  };
}
