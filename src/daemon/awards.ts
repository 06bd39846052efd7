import { z } from 'zod';
import { previewCancellation, cancelAwards } from '../cancellations/cancel-awards.ts';
import { awardSelection, type AwardsApi } from '../channels/api/awards.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { newTraceId } from '../runtime/ids.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { command, type Commands } from './command.ts';

export function createAwards(pool: PostgresPool, ledger: Ledger): AwardsApi {
  return {
    preview: (selection) => previewCancellation(pool, selection),
    cancel: ({ name, trace }, selection, reason) =>
      cancelAwards({ pool, ledger }, { selection, reason, actor: name, trace }),
  };
}

/** `bonusgate awards ...`, as by the HTTP API. */
export function awardCommands(awards: AwardsApi): Commands {
  const selection = z.object(awardSelection);
  return {
    'awards.preview': command(selection, (selected) => awards.preview(selected)),
    'awards.cancel': command(
      selection.extend({ reason: z.string().min(1).max(200) }),
      ({ reason, ...selected }) =>
        awards.cancel({ name: 'operator', scopes: [], trace: newTraceId() }, selected, reason),
    ),
  };
}
