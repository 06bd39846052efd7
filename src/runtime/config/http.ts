import { z } from 'zod';

const milliseconds = (byDefault: number) => z.int().min(1).max(86_400_000).default(byDefault);
const port = (byDefault: number) =>
  z.int().min(0).max(65_535).default(byDefault).describe('0: any free port');

/** Section `http`: the API for partners, billing and staff, and the pages for subscribers. */
export const httpConfig = z.strictObject({
  enabled: z.boolean().default(true),
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  port: port(8080),
  publicBaseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('how the outside reaches this server, for example https://bonus.example.com'),
  trustedProxies: z
    .array(z.string().regex(/^[0-9A-Fa-f:.]+(\/\d{1,3})?$/))
    .default([])
    .describe('addresses (CIDR) of reverse proxies whose X-Forwarded-For is believed'),
  tls: z
    .strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) })
    .optional()
    .describe('PEM files; without them the server speaks plain HTTP and belongs behind a proxy'),
  bodyMaxBytes: z.int().min(1_024).max(67_108_864).default(1_048_576),
  connectionsMax: z.int().min(1).max(100_000).default(1_000),
  headTimeoutMs: milliseconds(10_000).describe('all headers of a request must arrive within'),
  requestTimeoutMs: milliseconds(20_000).describe('a whole request must arrive within'),
  idleTimeoutMs: milliseconds(30_000).describe('a connection without any octet is cut after'),
  keepAliveMs: milliseconds(60_000).describe("between two requests; longer than a proxy's own"),
  handlerTimeoutMs: milliseconds(15_000).describe(
    'then the client hears 503 and asks again with the same key',
  ),
  stopTimeoutMs: milliseconds(5_000).describe('requests in flight may finish for so long'),
  requestsPerMinute: z.int().min(1).max(10_000_000).default(6_000).describe('of one token'),
  badTokensPerMinute: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(60)
    .describe('of one address, before it is not listened to'),
  pagesPerMinute: z.int().min(1).max(10_000_000).default(600).describe('of one address'),
});

/** Section `admin`: metrics and health, for the operator's own network only. */
export const adminConfig = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  port: port(9464),
  checkTimeoutMs: milliseconds(2_000).describe('a readiness check that takes longer counts as failed'),
});

export type HttpConfig = z.output<typeof httpConfig>;
export type AdminConfig = z.output<typeof adminConfig>;
