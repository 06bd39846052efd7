import type { z } from 'zod';
import { BadArguments } from '../runtime/control-client.ts';

/** Commands of the CLI that a running daemon carries out, each a name and a function of checked arguments. */
export type Commands = Readonly<Record<string, (args: unknown) => Promise<unknown>>>;

/** Checks arguments by a schema; what the CLI sends is checked like anybody else's input. */
export function command<Schema extends z.ZodType>(
  schema: Schema,
  run: (args: z.output<Schema>) => Promise<unknown>,
) {
  return async (args: unknown): Promise<unknown> => {
    const checked = schema.safeParse(args ?? {});
    if (checked.success) return run(checked.data);
    const problems = checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new BadArguments(problems.join('\n'));
  };
}
