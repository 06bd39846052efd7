import { id, instant, keyedKind, mutable, nullable, small, text, type OwnedKey } from './keyed.ts';

/**
 * Something that takes several steps with others (billing, a partner, time) between its first and its last commit.
 *
 * Every step is one operation under the owner's lock with the key `{type}:{serial}:{step}`, so a step that is run
 * again after a crash changes nothing (bonus-core §3.5, P19).
 */
export interface SagaRecord extends OwnedKey {
  /** `redemption`, `purchase_of_points`, `scenario`, ... */
  readonly type: string;
  /** Serial of the record that it drives, where there is one. */
  readonly subject: number | null;
  readonly step: string;
  /** What the steps pass on to each other, as JSON. */
  readonly data: string;
  /** Tries of the present step so far. */
  readonly attempts: number;
  /** When the next step is to run; null when it has ended. */
  readonly dueAt: number | null;
  readonly createdAt: number;
}

export const sagaKind = keyedKind<SagaRecord>('saga', {
  type: text,
  subject: nullable(id),
  step: mutable(text),
  data: mutable(text),
  attempts: mutable(small),
  dueAt: mutable(nullable(instant)),
  createdAt: instant,
});
