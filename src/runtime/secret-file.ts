import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';

const BYTES = 32;

/**
 * The secret kept in `file`: made on first use, mode 0600, never shown. Losing it makes every stored PIN wrong, so it
 * belongs in the backup, apart from the database.
 */
export async function loadOrCreateSecret(file: string): Promise<Buffer> {
  try {
    await writeFile(file, `${randomBytes(BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  await chmod(file, 0o600);
  const text = (await readFile(file, 'utf8')).trim();
  if (!/^[0-9a-f]{64,}$/.test(text)) throw new Error(`${file} must hold at least 64 hex digits`);
  return Buffer.from(text, 'hex');
}
