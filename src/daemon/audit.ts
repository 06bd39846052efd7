import { z } from 'zod';
import { sealJournal } from '../audit/sealer.ts';
import { verifySeals } from '../audit/verify.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Part } from '../runtime/lifecycle.ts';
import type { Logger } from '../runtime/log.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { SECOND_MS } from '../values/instant.ts';
import { command, type Commands } from './command.ts';

const SEAL_EVERY_MS = 10 * SECOND_MS;

/** Seals the journal in the background; stopping waits for the seal that is being made. */
export function sealerPart(deps: { clock: Clock; log: Logger }, pool: () => PostgresPool): Part {
  const { clock, log } = deps;
  let isStopping = false;
  let cancel = (): void => undefined;
  let running = Promise.resolve();
  const seal = async (): Promise<void> => {
    const last = await sealJournal({ pool: pool(), clock, isStopping: () => isStopping });
    if (last === undefined) return;
    // The log leaves this machine: whoever keeps it can prove later that no seal was made anew.
    log.info({ seal: last.batch.toString(), chain: last.chain.toString('hex') }, 'journal sealed');
  };
  const next = (): void => {
    cancel = clock.after(SEAL_EVERY_MS, () => {
      running = seal()
        .catch((error: unknown) => log.error({ err: error }, 'journal not sealed, will try again'))
        .then(() => {
          if (!isStopping) next();
        });
    });
  };
  return {
    name: 'sealer',
    start: next,
    stop: async () => {
      isStopping = true;
      cancel();
      await running;
    },
  };
}

const anchor = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'the chain hash of an earlier seal, 64 hex digits')
  .optional();

export function auditCommands(pool: PostgresPool): Commands {
  return { 'audit.verify': command(z.object({ anchor }), (args) => verifySeals(pool, args.anchor)) };
}
