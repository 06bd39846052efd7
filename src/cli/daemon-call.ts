import path from 'node:path';
import { Refusal } from '../errors.ts';
import { BadArguments, callControl, NoDaemon } from '../runtime/control-client.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { print, toJson, toText } from './output.ts';

/** State folder: `BONUSGATE_HOME`, else `var/` of the working folder. */
export function stateFolder(): string {
  return path.resolve(process.env['BONUSGATE_HOME'] ?? 'var');
}

/** Asks the running daemon. A refusal and a missing daemon end the command with their own exit codes. */
export async function callDaemon(name: string, args: unknown, home = stateFolder()): Promise<unknown> {
  try {
    return await callControl(path.join(home, 'control.sock'), name, args);
  } catch (error) {
    if (error instanceof NoDaemon) throw new CliError(error.message, EXIT.noDaemon);
    if (error instanceof BadArguments) throw new CliError(error.message, EXIT.usage);
    if (error instanceof Refusal) {
      const detail = Object.entries(error.detail).map(([key, value]) => `${key}: ${String(value)}`);
      throw new CliError(`refused: ${[error.code, ...detail].join(', ')}`, EXIT.refused);
    }
    throw error;
  }
}

/** Asks the running daemon and prints the answer for a person, or as JSON. */
export async function showFromDaemon(
  name: string,
  args: unknown,
  { json }: { json?: boolean },
): Promise<void> {
  const answer = await callDaemon(name, args);
  print(json === true ? toJson(answer) : toText(answer));
}
