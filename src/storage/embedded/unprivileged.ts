import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The user that the server runs as when we are root: Postgres refuses to run as root. */
export interface Unprivileged {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody` when this process is root, else undefined: the server then runs as ourselves. */
export function unprivilegedUser(): Unprivileged | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'nobody');
  if (entry === undefined)
    throw new Error('Postgres cannot run as root and there is no user "nobody" in /etc/passwd');
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** Can that user enter `folder`? Asked of the kernel, so that ACLs and mounts count. Always true for ourselves. */
export function canEnter(folder: string, user: Unprivileged | undefined): boolean {
  if (user === undefined) return true;
  return spawnSync('test', ['-x', folder], { ...user, cwd: '/' }).status === 0;
}
