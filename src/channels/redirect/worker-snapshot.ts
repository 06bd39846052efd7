import type { CashbackChange, SnapshotChunk } from '../../cashback/changes.ts';
import { Snapshot } from './snapshot.ts';

/** The snapshot of one worker: the one in use, and the next one while it is being loaded. */
export interface WorkerSnapshot {
  current(): Snapshot | undefined;
  begin(version: number): void;
  load(chunk: SnapshotChunk): void;
  /** The new snapshot takes over, with every change that came while it was loading. */
  end(): void;
  /** False when a change is missing in between: the caller asks for a new snapshot. */
  apply(version: number, changes: readonly CashbackChange[]): boolean;
}

export function createWorkerSnapshot(): WorkerSnapshot {
  let current: Snapshot | undefined;
  let next: { snapshot: Snapshot; meanwhile: CashbackChange[] } | undefined;
  let versionNow: number | undefined;
  return {
    current: () => current,
    begin: (version) => {
      next = { snapshot: new Snapshot(), meanwhile: [] };
      versionNow = version;
    },
    load: (chunk) => next?.snapshot.load(chunk),
    end: () => {
      if (next === undefined) return;
      for (const change of next.meanwhile) next.snapshot.apply(change);
      current = next.snapshot;
      next = undefined;
    },
    apply: (version, changes) => {
      if (versionNow === undefined) return true; // nothing loaded yet: the snapshot to come has it
      if (version !== versionNow + 1) return version <= versionNow;
      versionNow = version;
      next?.meanwhile.push(...changes);
      for (const change of changes) current?.apply(change);
      return true;
    },
  };
}
