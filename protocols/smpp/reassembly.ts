import type { MoVerdict } from '../../src/channels/mobile-originated.ts';
import type { Clock } from '../../src/runtime/clock.ts';

/** One part of a concatenated MO. `key` names the message: sender, receiver, reference and its width, total, coding. */
export interface MessagePart {
  readonly key: string;
  readonly number: number;
  readonly total: number;
  readonly octets: Buffer;
}

export interface ReassemblyOptions {
  readonly clock: Clock;
  /** How long parts are kept, complete messages too: their repeated parts are recognised meanwhile. */
  readonly keepMs: number;
  /** How long a part stays unanswered while others are missing. */
  readonly patienceMs: number;
  /** A message of which parts never came: so many of so many arrived. */
  readonly onIncomplete: (held: number, total: number) => void;
}

interface Assembly {
  readonly total: number;
  readonly parts: Map<number, Buffer>;
  readonly waiting: ((verdict: MoVerdict) => void)[];
  readonly cancelExpiry: () => void;
  /** Set while the message is being received and after it was for good. */
  verdict: Promise<MoVerdict> | undefined;
}

/** Messages in assembly at one SMSC; beyond it the oldest is given up. */
const OPEN_MAX = 1_000;

/**
 * Puts the parts of long MOs together: any order, repeated parts, over several binds of one SMSC.
 *
 * Answers follow ADR 1 as far as parts allow. Normally all parts arrive within milliseconds, stay unanswered together
 * and get the verdict on the whole once it is durable. A centre that sends the next part only after the answer
 * to the last would wait for ever, so a part is answered `done` after `patienceMs` although it is only in memory:
 * a crash then loses a message of which nothing was carried out. When the whole cannot be received now, its parts are
 * kept, and one repeated part brings the whole back.
 */
export class Reassembly {
  readonly #options: ReassemblyOptions;
  readonly #open = new Map<string, Assembly>();

  constructor(options: ReassemblyOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Adds a part; resolves with its answer. `receive` gets the whole and runs at most once at a time. */
  add(part: MessagePart, receive: (whole: Buffer) => Promise<MoVerdict>): Promise<MoVerdict> {
    const assembly = this.#assembly(part);
    assembly.parts.set(part.number, Buffer.from(part.octets));
    if (assembly.verdict !== undefined) return assembly.verdict;
    if (assembly.parts.size < part.total) return this.#hold(assembly);
    const whole = Buffer.concat(sorted(assembly.parts));
    const verdict = receive(whole);
    assembly.verdict = verdict;
    void verdict.then((value) => {
      if (value === 'retry' || value === 'full') assembly.verdict = undefined;
      for (const answer of assembly.waiting.splice(0)) answer(value);
    });
    return verdict;
  }

  /** The message that `part` belongs to; a new one when the reference was used again with other content. */
  #assembly({ key, number, total, octets }: MessagePart): Assembly {
    const known = this.#open.get(key);
    const same = known?.parts.get(number);
    if (known !== undefined && (same === undefined || same.equals(octets))) return known;
    if (known !== undefined) this.#drop(key);
    const oldest = this.#open.size >= OPEN_MAX ? this.#open.keys().next().value : undefined;
    if (oldest !== undefined) this.#drop(oldest);
    const fresh: Assembly = {
      total,
      parts: new Map(),
      waiting: [],
      verdict: undefined,
      cancelExpiry: this.#options.clock.after(this.#options.keepMs, () => this.#drop(key)),
    };
    this.#open.set(key, fresh);
    return fresh;
  }

  #hold(assembly: Assembly): Promise<MoVerdict> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(this.#options.patienceMs, () => resolve('done'));
      assembly.waiting.push((verdict) => {
        cancel();
        resolve(verdict);
      });
    });
  }

  #drop(key: string): void {
    const assembly = this.#open.get(key);
    if (assembly === undefined) return;
    this.#open.delete(key);
    assembly.cancelExpiry();
    if (assembly.verdict !== undefined) return;
    for (const answer of assembly.waiting.splice(0)) answer('done');
    this.#options.onIncomplete(assembly.parts.size, assembly.total);
  }
}

function sorted(parts: ReadonlyMap<number, Buffer>): Buffer[] {
  return [...parts].sort(([a], [b]) => a - b).map(([, octets]) => octets);
}
