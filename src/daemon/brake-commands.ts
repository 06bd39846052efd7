import { z } from 'zod';
import { brakeField, shownBrake } from '../channels/api/brakes.ts';
import type { Brakes } from '../controls/brakes.ts';
import { command, type Commands } from './command.ts';

/** `bonusgate brake ...`, as by the HTTP API. */
export function brakeCommands(brakes: Brakes): Commands {
  const shown = async () => (await brakes.list()).map(shownBrake);
  return {
    'brake.list': shown,
    'brake.move': command(
      z.object({ brake: brakeField, engaged: z.boolean(), reason: z.string().min(1).max(200) }),
      async (move) => {
        await brakes.move({ ...move, actor: 'operator' });
        return shown();
      },
    ),
  };
}
