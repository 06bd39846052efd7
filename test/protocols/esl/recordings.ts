import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = 'test/fixtures/freeswitch';

/** Octets that a real FreeSWITCH sent, by recording name. */
export function streams(): Map<string, Buffer> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.f2c.txt'));
  return new Map(names.map((name) => [name.replace('.f2c.txt', ''), readFileSync(path.join(FOLDER, name))]));
}

export interface Exchange {
  readonly from: 'client' | 'freeswitch';
  readonly octets: Buffer;
}

/** Both directions of a recorded session, in order. */
export function session(name: string): Exchange[] {
  const text = readFileSync(path.join(FOLDER, `${name}.session.txt`)).toString('latin1');
  const parts = text.split(/^(>>> client|<<< freeswitch)\n/m).slice(1);
  const exchanges: Exchange[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const from = parts[at] === '>>> client' ? 'client' : 'freeswitch';
    const body = parts[at + 1]!;
    // The recorder put one extra newline after a body; a block without a body ends with its own empty line.
    const octets =
      body.includes('\nContent-Length: ') || body.startsWith('Content-Length: ') ? body.slice(0, -1) : body;
    exchanges.push({ from, octets: Buffer.from(octets, 'latin1') });
  }
  return exchanges;
}
