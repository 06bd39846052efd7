import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DAY_MS } from '../values/instant.ts';

/** What the demo remembers between two starts, beside its database. */
interface State {
  readonly offsetMs: number;
  readonly tokens: Readonly<Record<string, string>>;
  readonly phoneUrl?: string;
}

/** The demo's clock and tokens, in `demo.json` of the state folder. */
export class DemoState {
  readonly #file: string;
  #state: State = { offsetMs: 0, tokens: {} };

  constructor(home: string) {
    this.#file = path.join(home, 'demo.json');
    try {
      this.#state = JSON.parse(readFileSync(this.#file, 'utf8')) as State;
    } catch {
      // The first start, or after --reset.
    }
  }

  offsetMs(): number {
    return this.#state.offsetMs;
  }

  advance(days: number): void {
    this.#write({ ...this.#state, offsetMs: this.#state.offsetMs + days * DAY_MS });
  }

  token(name: string): string | undefined {
    return this.#state.tokens[name];
  }

  rememberToken(name: string, token: string): void {
    this.#write({ ...this.#state, tokens: { ...this.#state.tokens, [name]: token } });
  }

  /** What the bookshop signs with. */
  partnerKey(): { readonly id: string; readonly secret: string } | undefined {
    const [id, secret] = this.#state.tokens['books']?.split(' ') ?? [];
    return id === undefined || secret === undefined ? undefined : { id, secret };
  }

  rememberPartnerKey({ id, secret }: { readonly id: string; readonly secret: string }): void {
    this.rememberToken('books', `${id} ${secret}`);
  }

  get phoneUrl(): string | undefined {
    return this.#state.phoneUrl;
  }

  rememberPhone(phoneUrl: string): void {
    this.#write({ ...this.#state, phoneUrl });
  }

  /** Begins anew, in the present. */
  clear(): void {
    this.#write({ offsetMs: 0, tokens: {} });
  }

  #write(state: State): void {
    this.#state = state;
    writeFileSync(`${this.#file}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}
