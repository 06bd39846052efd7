import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';

/**
 * Compares `actual` with a file of `test/transcripts/`, kept for people to read.
 * `UPDATE_TRANSCRIPTS=1` writes it anew: read the difference before committing it.
 */
export async function expectTranscript(name: string, actual: string): Promise<void> {
  const file = path.join('test/transcripts', name);
  if (process.env['UPDATE_TRANSCRIPTS'] === '1') await writeFile(file, actual);
  expect(actual).to.equal(await readFile(file, 'utf8'));
}
