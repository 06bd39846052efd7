import { z } from 'zod';
import { currencyCode, instantText, points } from './fields.ts';

/** Rules as an operator writes them, in YAML or JSON. `conf/rules-example.yaml` shows every part. */

const code = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'is a lower-case name, for example tenure_bonus');

const scalar = z.union([
  z.int().transform(BigInt),
  z
    .string()
    .max(256)
    .transform((text): bigint | string => text),
  z.boolean(),
  z.array(z.string().max(256)).max(32),
]);

const example = z.strictObject({
  name: z.string().min(1).max(120).optional(),
  given: z.record(z.string(), scalar).default({}),
  points: z.int().min(0).transform(BigInt),
});

const rate = z.strictObject({
  currency: currencyCode,
  minorPerPoint: points(1),
  carry: z.boolean().default(true),
});

const expression = z.string().min(1).max(4_000);

const rule = z
  .strictObject({
    code,
    on: code.describe('a type of event, or assessment'),
    when: expression.optional(),
    points: expression.optional(),
    rate: rate.optional(),
    priority: z.int().min(0).max(10_000).default(100),
    group: code.optional(),
    valid: z.strictObject({ from: instantText.optional(), to: instantText.optional() }).default({}),
    caps: z.strictObject({ day: points(1).optional(), month: points(1).optional() }).default({}),
    defaults: z.record(z.string(), scalar).default({}),
    lot: z.strictObject({ issuer: z.literal('operator').default('operator') }).prefault({}),
    examples: z.array(example).min(1, 'has at least one golden case').max(50),
  })
  .superRefine(({ points: formula, rate: table, valid, on }, context) => {
    const complain = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if ((formula === undefined) === (table === undefined)) complain('points', 'give either points or a rate');
    if (table !== undefined && on === 'assessment') complain('rate', 'a rate needs the amount of an event');
    if (valid.from !== undefined && valid.to !== undefined && valid.to <= valid.from) {
      complain('valid', 'ends after it begins');
    }
  });

export const ruleDocument = z
  .strictObject({ rules: z.array(rule).max(500) })
  .superRefine(({ rules }, context) => {
    rules.forEach(({ code: name }, index) => {
      if (rules.slice(0, index).some((other) => other.code === name)) {
        context.addIssue({
          code: 'custom',
          path: ['rules', index, 'code'],
          message: `${name} is used above`,
        });
      }
    });
  });

export type RuleDocument = z.output<typeof ruleDocument>;
export type RuleDraft = RuleDocument['rules'][number];
export type RuleExample = RuleDraft['examples'][number];
