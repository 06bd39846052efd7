import { z } from 'zod';
import { readYamlFile } from '../runtime/config/yaml-file.ts';
import type { ItemDraft } from './store.ts';

const fileShape = z.strictObject({
  items: z
    .array(
      z.strictObject({
        code: z.string().regex(/^[A-Za-z0-9]{1,20}$/, 'is 1 to 20 letters and digits, for example minutes60'),
        name: z.strictObject({ en: z.string().min(1).max(60), ru: z.string().min(1).max(60) }),
        points: z.int().min(1).max(1_000_000_000),
        stock: z
          .strictObject({ pool: z.int().min(1).max(1_000_000), initially: z.int().min(1).max(1_000_000_000) })
          .optional(),
        voucherPattern: z
          .string()
          .regex(/^[A-Z0-9-]*#[A-Z0-9#-]*$/, 'holds at least one #, for example CF-####')
          .optional(),
      }),
    )
    .min(1)
    .max(99),
});

/** @throws ConfigError naming file, line and key */
export function loadPriceList(file: string): ItemDraft[] {
  return readYamlFile(file, fileShape).items;
}
