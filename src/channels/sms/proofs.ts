import { createHash } from 'node:crypto';
import type { MoIdentity } from '../../ledger/operation.ts';
import { markInDoubt, writeSessions, type SessionRow } from '../../ledger/smpp-session-store.ts';
import { walletOf } from '../../ledger/keys.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Db } from '../../storage/postgres.ts';
import { SECOND_MS, type Instant } from '../../values/instant.ts';
import type { MobileOriginated } from '../mobile-originated.ts';

/** How far our answers are known to have reached each SMSC, in memory now and in Postgres a moment later. */
export interface Proofs {
  provedUntil(sessionId: string): number;
  onSessionStart(session: { readonly sessionId: string; readonly smsc: string; readonly bind: string }): void;
  onSessionEnd(sessionId: string): void;
  onProof(sessionId: string, provedUntil: Instant): void;
  onLateAnswer(mo: MobileOriginated, subscriberId: bigint): void;
  close(): Promise<void>;
}

const FLUSH_MS = SECOND_MS;

export function createProofs(db: Db, clock: Clock, log: Logger): Proofs {
  const sessions = new Map<string, SessionRow>();
  const dirty = new Set<string>();
  let writing: Promise<void> = Promise.resolve();
  let cancel = (): void => undefined;

  const change = (sessionId: string, next: Partial<SessionRow>): void => {
    const known = sessions.get(sessionId);
    if (known === undefined) return;
    sessions.set(sessionId, { ...known, ...next });
    dirty.add(sessionId);
  };
  const flush = async (): Promise<void> => {
    const rows = [...dirty].map((id) => sessions.get(id)!);
    dirty.clear();
    if (rows.length === 0) return;
    try {
      await writeSessions(db, rows);
      for (const { sessionId, endedAt } of rows) {
        // A proof that came meanwhile is still to be written.
        if (endedAt !== null && !dirty.has(sessionId)) sessions.delete(sessionId);
      }
    } catch (error) {
      // Unproved is the safe side: the same rows are written at the next turn.
      for (const row of rows) dirty.add(row.sessionId);
      log.warn({ err: error }, 'proofs of delivery not stored');
    }
  };
  const schedule = (): void => {
    cancel = clock.after(FLUSH_MS, () => {
      writing = flush().then(schedule);
    });
  };
  schedule();
  return {
    provedUntil: (sessionId) => sessions.get(sessionId)?.provedUntil ?? 0,
    onSessionStart: ({ sessionId, smsc, bind }) => {
      const now = clock.now();
      sessions.set(sessionId, { sessionId, smsc, bind, startedAt: now, provedUntil: now, endedAt: null });
      dirty.add(sessionId);
    },
    onSessionEnd: (sessionId) => change(sessionId, { endedAt: clock.now() }),
    onProof: (sessionId, provedUntil) => change(sessionId, { provedUntil }),
    onLateAnswer: (mo, subscriberId) => {
      const { home, fingerprint } = moIdentity(mo, subscriberId);
      markInDoubt(db, home, fingerprint, mo.sessionId).catch((error: unknown) => {
        log.error({ err: error, trace: mo.trace }, 'late answer not marked');
      });
    },
    close: async () => {
      cancel();
      await writing;
      await flush();
    },
  };
}

/** What makes two deliveries the same message (ADR 1): where from, to whom, and every octet. */
export function moIdentity(mo: MobileOriginated, subscriberId: bigint): MoIdentity {
  const hash = createHash('sha256');
  for (const part of [mo.smsc, mo.source, mo.destination, String(mo.dataCoding), mo.identity]) {
    hash.update(`${String(Buffer.byteLength(part))}:`).update(part);
  }
  return {
    home: walletOf(subscriberId).home,
    fingerprint: hash.update(mo.octets).digest(),
    receivedAt: mo.receivedAt,
    sessionId: mo.sessionId,
  };
}
