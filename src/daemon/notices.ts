import { createMail } from '../../protocols/mail/mail.ts';
import type { SmppWire } from '../../protocols/smpp/esme.ts';
import { loadNoticeTexts } from '../channels/texts/notice-texts.ts';
import { OUTBOX_LEASE_MS } from '../ledger/ledger.ts';
import type { LeasedOutbox } from '../ledger/records.ts';
import { createSerials } from '../ledger/serials.ts';
import { createNotifier, type Notifier } from '../notify/notifier.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Logger } from '../runtime/log.ts';
import type { PostgresPool } from '../storage/postgres.ts';

export interface NoticesDeps {
  /** True while no message may leave. */
  readonly isStopped: () => boolean;
  readonly config: () => Config;
  readonly pool: PostgresPool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly daemonId: number;
  readonly smpp: () => SmppWire | undefined;
  onOutbox(rows: readonly LeasedOutbox[]): void;
}

/** The notifier with its wires: USSD pushes over SMPP, e-mail over SMTP, short messages over the outbox. */
export async function openNotices(deps: NoticesDeps): Promise<Notifier> {
  const { pool, clock, log, daemonId: owner } = deps;
  const { notices } = deps.config();
  const mail = createMail(notices.mail, { clock, log });
  const { source, smsc, confirmMs } = notices.push;
  const notifier = createNotifier({
    isStopped: deps.isStopped,
    pool,
    clock,
    log,
    owner,
    config: () => deps.config().notices,
    outboxLeaseMs: OUTBOX_LEASE_MS,
    words: loadNoticeTexts(notices.texts),
    serials: await createSerials(pool),
    onOutbox: (rows) => deps.onOutbox(rows),
    push: (notice) =>
      deps.smpp()?.pushUssd({ source, smsc, confirmMs })(notice) ??
      Promise.resolve({ kind: 'retry', reason: 'no smpp section' }),
    mail: (notice) => mail.send(notice),
  });
  return {
    start: () => notifier.start(),
    poke: () => notifier.poke(),
    stop: async () => {
      await notifier.stop();
      mail.close();
    },
  };
}
