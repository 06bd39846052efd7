/**
 * What may stand in a line that we send. FreeSWITCH runs `${api(...)}` found in an argument and takes a line break for
 * the next command, so the alphabet is closed: no CR, LF, NUL, `$`, quotes, backslash, comma, brace or non-ASCII.
 */
const LINE = /^[A-Za-z0-9_.:/!#*+=@ -]*$/;

const FILE = /^[A-Za-z0-9_./-]{1,200}$/;

/** True when `text` can be written into a command or an execute argument without changing its structure. */
export function isSafeLine(text: string): boolean {
  return LINE.test(text);
}

/** mod_dptools splits a `file_string` into at most 128 names; the rest would be lost silently. */
export const FILES_MAX = 100;

/**
 * The name under which several files play as one, so that a key can cut all of them; undefined when a name could
 * break out of the argument or climb out of the sound folder, or when there are none or too many.
 */
export function fileString(files: readonly string[]): string | undefined {
  if (files.length === 0 || files.length > FILES_MAX) return undefined;
  if (!files.every((file) => FILE.test(file) && !file.includes('..'))) return undefined;
  return files.length === 1 ? files[0] : `file_string://${files.join('!')}`;
}

/** An extension of the dialplan to send a caller to; it comes from our configuration, never from the caller. */
export function isExtension(text: string): boolean {
  return /^[A-Za-z0-9_*#+-]{1,32}$/.test(text);
}

/** A channel uuid as FreeSWITCH makes it, or one that the dialplan gave it. */
export function isUuid(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}
