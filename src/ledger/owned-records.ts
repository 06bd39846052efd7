import { assert } from '../errors.ts';
import type { OwnedKey, KeyedKind } from './kinds/keyed.ts';
import type { AnyKind, Operation } from './operation.ts';

export interface LoadedRecords {
  readonly kind: AnyKind;
  readonly rows: readonly OwnedKey[];
}

/** The records of all keyed kinds in one batch: what was loaded, what was written, the last state of each. */
export class OwnedRecords {
  readonly #states = new Map<string, OwnedKey>();
  readonly #written = new Map<AnyKind, Map<string, OwnedKey>>();

  load(kind: AnyKind, rows: readonly OwnedKey[]): void {
    for (const row of rows) this.#states.set(stateKey(kind, row), row);
  }

  /** A record that was never asked for would look like one that does not exist: that is a bug. */
  find<Row extends OwnedKey>(kind: KeyedKind<Row>, key: OwnedKey, operation: Operation): Row | undefined {
    const wanted = stateKey(kind, key);
    const found = this.#states.get(wanted);
    const named = operation.keys.records ?? [];
    assert(
      found !== undefined || named.some((read) => stateKey(read.kind, read.key) === wanted),
      'an operation reads only records it named',
    );
    return found as Row | undefined;
  }

  write(kind: AnyKind, row: OwnedKey): void {
    const key = stateKey(kind, row);
    this.#states.set(key, row);
    const rows = this.#written.get(kind) ?? new Map<string, OwnedKey>();
    this.#written.set(kind, rows.set(key, row));
  }

  /** In order of the kinds' first write; each record once, in its last state. */
  written(): LoadedRecords[] {
    return [...this.#written].map(([kind, rows]) => ({ kind, rows: [...rows.values()] }));
  }
}

/** What a batch has to load, each record once. */
export function readsByKind(
  operations: readonly Operation[],
): { readonly kind: AnyKind; readonly keys: readonly OwnedKey[] }[] {
  const byKind = new Map<AnyKind, Map<string, OwnedKey>>();
  for (const { keys } of operations) {
    for (const { kind, key } of keys.records ?? []) {
      const wanted = byKind.get(kind) ?? new Map<string, OwnedKey>();
      byKind.set(kind, wanted.set(stateKey(kind, key), key));
    }
  }
  return [...byKind].map(([kind, keys]) => ({ kind, keys: [...keys.values()] }));
}

function stateKey(kind: AnyKind, key: OwnedKey): string {
  return `${kind.kind}.${String(key.account)}.${String(key.serial)}`;
}
