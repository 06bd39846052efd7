import { z } from 'zod';

const milliseconds = (byDefault: number) => z.int().min(1).max(86_400_000).default(byDefault);

/** How an ICAP client writes a subscriber into a header; vendors differ, so it is configuration. */
export const identityHeaderConfig = z.strictObject({
  header: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/)
    .describe('ICAP header name, for example X-Client-IP'),
  encoding: z
    .enum(['plain', 'base64', 'base64-uri'])
    .default('plain')
    .describe('plain; base64 of the value; base64 of scheme://domain/login'),
});

/** Section `icap`: the REQMOD service that the DPI platform asks. */
export const icapConfig = z.strictObject({
  enabled: z.boolean().default(true),
  host: z.string().default('127.0.0.1').describe('address to listen on'),
  port: z.int().min(0).max(65_535).default(1344),
  workers: z.int().min(1).max(64).default(1).describe('child processes that share the port'),
  services: z
    .array(z.string().regex(/^[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*$/))
    .min(1)
    .default(['reqmod'])
    .describe('service paths: icap://host:1344/reqmod'),
  connectionsMax: z
    .int()
    .min(1)
    .max(100_000)
    .default(256)
    .describe('enforced, and advertised as Max-Connections'),
  optionsTtlS: z.int().min(1).max(86_400).default(3_600),
  trustedClients: z
    .array(z.string().regex(/^[0-9A-Fa-f:.]+(\/\d{1,3})?$/))
    .default(['127.0.0.0/8', '::1/128'])
    .describe('addresses (CIDR) whose identity headers are believed; from anybody else every request passes'),
  identity: z
    .array(identityHeaderConfig)
    .min(1)
    .default([
      { header: 'X-Subscriber-ID', encoding: 'plain' },
      { header: 'X-Client-IP', encoding: 'plain' },
    ])
    .describe('identity headers, the first one present wins'),
  headTimeoutMs: milliseconds(10_000).describe('a whole ICAP and HTTP header must arrive within'),
  bodyStallMs: milliseconds(10_000).describe('at least 1 KiB of body must arrive in each such window'),
  writeStallMs: milliseconds(10_000).describe('a client that does not read is cut after'),
  idleTimeoutMs: milliseconds(600_000).describe(
    "longer than the client's own, so that the client closes first",
  ),
  stopTimeoutMs: milliseconds(5_000).describe('requests in flight may finish for so long'),
});

export type IcapConfig = z.output<typeof icapConfig>;
export type IdentityHeader = z.output<typeof identityHeaderConfig>;
