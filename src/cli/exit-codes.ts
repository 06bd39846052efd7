/** Exit codes of `bonusgate`; stable, listed in `bonusgate --help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** Wrong arguments or configuration; nothing was opened. */
  usage: 2,
  /** Something that the command needs is not installed; the message names the Debian package. */
  missing: 3,
  /** A business "no": the message says why. */
  refused: 4,
  /** The command needs a running daemon and there is none. */
  noDaemon: 5,
} as const;

/** Ends the command with a message for a person and an exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}
