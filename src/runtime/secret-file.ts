import { randomBytes } from 'node:crypto';
import { chmod, link, readFile, unlink, writeFile } from 'node:fs/promises';

const BYTES = 32;

/**
 * The secret kept in `file`: made on first use, mode 0600, never shown. Losing it makes every stored PIN wrong, so it
 * belongs in the backup, apart from the database.
 */
export async function loadOrCreateSecret(file: string): Promise<Buffer> {
  await createOnce(file);
  await chmod(file, 0o600);
  const text = (await readFile(file, 'utf8')).trim();
  if (!/^[0-9a-f]{64,}$/.test(text)) throw new Error(`${file} must hold at least 64 hex digits`);
  return Buffer.from(text, 'hex');
}

/** Written whole under another name first: somebody who starts at the same moment never reads half a secret. */
async function createOnce(file: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${randomBytes(BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
}
