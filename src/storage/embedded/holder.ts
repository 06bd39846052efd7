import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Fault } from '../../errors.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from '../../runtime/process-identity.ts';

/**
 * Claims a state folder for this process; the returned function gives it back.
 *
 * A second daemon on the same folder would otherwise take the first one's Postgres for an orphan and stop it. A claim
 * whose process is dead is taken over, even when its pid was given to another process.
 */
export function claimFolder(file: string): () => void {
  const self = identifyProcess(process.pid)!;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      writeFileSync(file, JSON.stringify(self), { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readHolder(file);
    if (holder !== undefined && isAlive(holder)) {
      throw new Fault(
        `another bonusgate (pid ${holder.pid}) uses this state folder: stop it, or set BONUSGATE_HOME to another folder`,
      );
    }
    rmSync(file, { force: true });
  }
  throw new Fault(`the claim ${file} cannot be taken: another bonusgate starts at the same moment`);
}

function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
