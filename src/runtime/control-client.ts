import { createConnection } from 'node:net';
import { REFUSAL_CODES, Refusal, type RefusalCode } from '../errors.ts';

/** What the daemon answers on its control socket: one JSON object on one line. */
export type ControlAnswer =
  | { readonly ok: true; readonly result: unknown }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly detail?: Record<string, string | number>;
    };

/** Code of the answer to wrong arguments. */
export const BAD_ARGUMENTS = 'bad_arguments';

/** No daemon listens on the control socket: the command needs a running one. */
export class NoDaemon extends Error {
  override readonly name = 'NoDaemon';

  constructor(path: string, options?: { cause?: unknown }) {
    super(`no daemon is running (nobody answers on ${path}); start it with "bonusgate run"`, options);
  }
}

/** The arguments of a command are wrong; the message says which and how. Nothing was done. */
export class BadArguments extends Error {
  override readonly name = 'BadArguments';
}

const ANSWER_MAX_BYTES = 64 * 1_048_576;

/**
 * Asks the running daemon to do something. Points and ids come back as decimal strings.
 *
 * @throws NoDaemon when none runs, Refusal for a business "no", BadArguments, Error for anything else
 */
export async function callControl(
  path: string,
  name: string,
  args: unknown,
  timeoutMs = 60_000,
): Promise<unknown> {
  const line = await exchange(path, `${JSON.stringify({ name, args }, bigintAsText)}\n`, timeoutMs);
  const answer = JSON.parse(line) as ControlAnswer;
  if (answer.ok) return answer.result;
  if (isRefusalCode(answer.code)) throw new Refusal(answer.code, answer.detail ?? {});
  if (answer.code === BAD_ARGUMENTS) throw new BadArguments(answer.message);
  throw new Error(answer.message);
}

/** JSON has no integers beyond 2^53. */
export function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function isRefusalCode(code: string): code is RefusalCode {
  return (REFUSAL_CODES as readonly string[]).includes(code);
}

function exchange(path: string, request: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const socket = createConnection(path);
    const timer = setTimeout(
      () => socket.destroy(new Error(`the daemon did not answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > ANSWER_MAX_BYTES) socket.destroy(new Error('the answer of the daemon is too large'));
      if (chunk.includes(0x0a)) socket.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const absent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      reject(absent ? new NoDaemon(path, { cause: error }) : error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      const text = Buffer.concat(chunks).toString('utf8');
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
      else reject(new Error('the daemon closed the control socket without an answer'));
    });
  });
}
