import { ownerOf } from '../ledger/keys.ts';
import { NOTICE_CLASS, OUTBOX_PRIORITY, type LeasedOutbox } from '../ledger/records.ts';
import type { Clock } from '../runtime/clock.ts';
import type { NoticesConfig } from '../runtime/config/notices.ts';
import type { Logger } from '../runtime/log.ts';
import { counter } from '../runtime/metrics.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { TraceId } from '../values/trace.ts';
import {
  claimNotices,
  listRecipients,
  writeNotices,
  type AttemptWrite,
  type ClaimedNotice,
  type NoticeWrite,
} from './notice-store.ts';
import { decodeVariables } from './notice.ts';
import { AFTER_RECEIPT, closeChannel, STILL_OPEN } from './outcome.ts';
import { confirmMs, planNotice, type Attempt, type NoticeState, type Recipient, type Step } from './plan.ts';
import type { DirectNotice, NoticeChannel, NoticeWords, SendDirect, WordNotice } from './ports.ts';
import { templateOf } from './templates.ts';

export interface NotifierDeps {
  readonly pool: PostgresPool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: () => NoticesConfig;
  /** This daemon's number in `lease_owner`; never that of another running daemon. */
  readonly owner: number;
  /** First lease of a message in the outbox. */
  readonly outboxLeaseMs: number;
  readonly words: WordNotice;
  /** Serials for messages; the ledger's own sequence. */
  readonly serials: { next(): number; refill(): Promise<void> };
  /** Messages that are in the outbox now, on lease to this daemon. */
  onOutbox(rows: readonly LeasedOutbox[]): void;
  readonly push: SendDirect;
  readonly mail: SendDirect;
  /** True while no message may leave. */
  readonly isStopped?: () => boolean;
}

/** Takes notices from the table to the channels, one after the other until one delivers. */
export interface Notifier {
  start(): void;
  /** There are new notices, or news of old ones: look now. */
  poke(): void;
  /** Begins nothing new and waits for what is under way. */
  stop(): Promise<void>;
}

const noticesTotal = counter('bonusgate_notices_total', 'Notices by what was decided about them', [
  'class',
  'step',
]);
const CLASS_NAMES = Object.keys(NOTICE_CLASS);
const RETRY_MIN_MS = 5_000;
const RETRY_MAX_MS = 60_000;

interface Decided {
  readonly write: NoticeWrite;
  readonly direct?: {
    readonly channel: 'push' | 'mail';
    readonly notice: DirectNotice;
    readonly tries: number;
    readonly secret: boolean;
  };
}

export function createNotifier(deps: NotifierDeps): Notifier {
  return new TableNotifier(deps);
}

class TableNotifier implements Notifier {
  readonly #deps: NotifierDeps;
  readonly #direct = new Set<Promise<void>>();
  #running: Promise<void> | undefined;
  #again = false;
  #stopping = false;
  #cancelPoll: (() => void) | undefined;

  constructor(deps: NotifierDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.poke();
    this.#cancelPoll = this.#deps.clock.after(this.#deps.config().pollMs, () => this.start());
  }

  poke(): void {
    this.#again = true;
    if (!this.#stopping) this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelPoll?.();
    await this.#running;
    await Promise.all(this.#direct);
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stopping) {
      this.#again = false;
      try {
        if (await this.#round()) this.#again = true;
      } catch (error) {
        this.#deps.log.error({ err: error }, 'notices not looked at, will be tried again');
      }
    }
    this.#running = undefined;
  }

  /** True when there may be more. */
  async #round(): Promise<boolean> {
    const { pool, clock, owner, serials, isStopped } = this.#deps;
    if (isStopped?.() === true) return false;
    const config = this.#deps.config();
    const now = clock.now();
    const claim = { owner, now, leaseUntil: now + config.leaseMs, limit: config.claimMax };
    const claimed = await claimNotices(pool, claim);
    if (claimed.length === 0) return false;
    const ids = [...new Set(claimed.map(({ account }) => ownerOf(account)))];
    const recipients = await listRecipients(pool, ids);
    await serials.refill();
    const decided = claimed.map((notice) =>
      this.#decide(notice, recipients.get(ownerOf(notice.account)), now),
    );
    const written = new Set(
      await writeNotices(
        pool,
        owner,
        decided.map(({ write }) => write),
        now,
      ),
    );
    const kept = decided.filter(({ write }) => written.has(write));
    this.#deps.onOutbox(kept.flatMap(({ write }) => write.outbox ?? []));
    for (const one of kept) if (one.direct !== undefined) this.#begin(one, one.direct);
    return claimed.length === config.claimMax;
  }

  #decide(notice: ClaimedNotice, recipient: Recipient | undefined, now: number): Decided {
    const config = this.#deps.config();
    const deadlineOf = (attempt: Attempt): number =>
      attempt.begunAt + confirmMs(notice, attempt.channel, config);
    const closed = closeChannel(notice, now, deadlineOf);
    if (closed === STILL_OPEN) {
      const open = notice.attempts.find(({ channel }) => channel === 'sms')!;
      const dueAt = deadlineOf(open);
      return { write: { ...base(notice), state: 'sms', dueAt, seenDueAt: notice.dueAt, attempts: [] } };
    }
    const ended: AttemptWrite[] = [
      ...(closed === undefined ? [] : [{ ...closed, begins: false }]),
      ...notice.attempts
        .filter((attempt) => attempt.state === 'retry' && now >= deadlineOf(attempt))
        .map(({ channel }) => ({ channel, state: 'failed', begins: false }) as const),
    ];
    if (closed?.state === 'delivered') return this.#end(notice, 'delivered', ended, now);
    const attempts = notice.attempts.map((attempt) =>
      attempt.channel === closed?.channel ? { ...attempt, state: closed.state } : attempt,
    );
    const step = planNotice({ ...notice, attempts }, recipient, config, now);
    return this.#carryOut(notice, step, recipient, ended, now);
  }

  #carryOut(
    notice: ClaimedNotice,
    step: Step,
    recipient: Recipient | undefined,
    ended: readonly AttemptWrite[],
    now: number,
  ): Decided {
    count(notice, step.kind === 'end' ? step.state : step.kind);
    switch (step.kind) {
      case 'end':
        return { write: { ...base(notice), ...endOf(notice, step.state), dueAt: now, attempts: ended } };
      case 'hold':
        return { write: { ...base(notice), state: 'due', dueAt: step.until, attempts: ended } };
      case 'merge': {
        const points = decodeVariables(notice.template, notice.variables)?.['points'];
        const merge = { points: BigInt(points ?? 0), dueAt: step.dueAt };
        return { write: { ...base(notice), state: 'merged', dueAt: now, attempts: ended, merge } };
      }
      case 'send':
        return this.#send(notice, step, recipient!, ended, now);
    }
  }

  #send(
    notice: ClaimedNotice,
    { channel, to, deadline }: Extract<Step, { kind: 'send' }>,
    recipient: Recipient,
    ended: readonly AttemptWrite[],
    now: number,
  ): Decided {
    const words = this.#words(notice, channel, recipient);
    if (words === undefined) {
      this.#deps.log.error({ template: notice.template }, 'notice has no words and is given up');
      return this.#end(notice, 'failed', ended, now);
    }
    if (channel === 'sms') {
      const outbox = this.#message(notice, words, recipient, now);
      const begun: AttemptWrite = { channel, state: 'begun', begins: true, outboxId: outbox.id };
      const write: NoticeWrite = {
        ...base(notice),
        state: 'sms',
        dueAt: deadline,
        attempts: [...ended, begun],
        outbox,
      };
      return { write };
    }
    if (this.#direct.size >= this.#deps.config().inFlightMax) {
      const dueAt = now + this.#deps.config().pollMs;
      return { write: { ...base(notice), state: 'due', dueAt, attempts: ended } };
    }
    const write: NoticeWrite = {
      ...base(notice),
      state: 'direct',
      dueAt: now + this.#deps.config().leaseMs,
      keepLease: true,
      attempts: [...ended, { channel, state: 'begun', begins: true }],
    };
    const tries = notice.attempts.find((attempt) => attempt.channel === channel)?.tries ?? 0;
    const trace = notice.trace.toString('hex') as TraceId;
    const id = `${String(notice.account)} ${notice.fact}`;
    const { wipe: secret } = endOf(notice, 'sent');
    return { write, direct: { channel, notice: { ...words, id, trace, to }, tries, secret } };
  }

  #words(notice: ClaimedNotice, channel: NoticeChannel, recipient: Recipient): NoticeWords | undefined {
    const variables = decodeVariables(notice.template, notice.variables);
    const { language, zone } = recipient;
    return variables && this.#deps.words({ template: notice.template, channel, language, zone, variables });
  }

  #message(notice: ClaimedNotice, words: NoticeWords, recipient: Recipient, now: number): LeasedOutbox {
    const { config, owner, outboxLeaseMs, serials } = this.#deps;
    return {
      home: notice.home,
      id: serials.next(),
      subscriber: Number(recipient.subscriber),
      priority: priorityOf(notice),
      smsc: config().smsc ?? null,
      source: config().smsSource,
      destination: recipient.msisdn!,
      body: words.text,
      receipt: true,
      trace: notice.trace,
      createdAt: now,
      dueAt: now,
      leaseOwner: owner,
      leaseUntil: now + outboxLeaseMs,
    };
  }

  #end(
    notice: ClaimedNotice,
    state: 'delivered' | 'failed',
    attempts: readonly AttemptWrite[],
    now: number,
  ): Decided {
    count(notice, state);
    return { write: { ...base(notice), ...endOf(notice, state), dueAt: now, attempts } };
  }

  #begin(decided: Decided, direct: NonNullable<Decided['direct']>): void {
    const send: SendDirect = direct.channel === 'push' ? this.#deps.push : this.#deps.mail;
    const sending = send(direct.notice)
      .catch((error: unknown) => {
        this.#deps.log.error({ err: error, channel: direct.channel }, 'notice broke its channel');
        return { kind: 'unknown', reason: 'broken channel' } as const;
      })
      .then((receipt) => this.#settle(decided.write, direct, receipt))
      .finally(() => {
        this.#direct.delete(sending);
        this.poke();
      });
    this.#direct.add(sending);
  }

  /** Written until it is written, or until the lease is over and somebody else calls it in doubt. */
  async #settle(
    write: NoticeWrite,
    { channel, tries, secret }: NonNullable<Decided['direct']>,
    receipt: Awaited<ReturnType<SendDirect>>,
  ): Promise<void> {
    const { pool, owner, clock, log } = this.#deps;
    const state = AFTER_RECEIPT[receipt.kind];
    const now = clock.now();
    const ended = state === 'delivered' || state === 'sent' ? state : undefined;
    const wait = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(tries, 10));
    const settled: NoticeWrite = {
      ...write,
      state: ended ?? 'due',
      dueAt: state === 'retry' ? now + wait : now,
      keepLease: false,
      wipe: ended !== undefined && secret,
      attempts: [{ channel, state, begins: false, ...('reason' in receipt && { detail: receipt.reason }) }],
    };
    noticesTotal.inc({ class: 'any', step: `${channel} ${state}` });
    while (clock.now() < write.dueAt) {
      try {
        await writeNotices(pool, owner, [settled], now);
        return;
      } catch (error) {
        log.error({ err: error, channel }, 'outcome of a notice not written, will be tried again');
        if (this.#stopping) return;
        await new Promise<void>((resolve) => clock.after(1_000, resolve));
      }
    }
  }
}

function base(notice: ClaimedNotice): Pick<NoticeWrite, 'home' | 'account' | 'fact' | 'keepLease' | 'wipe'> {
  const { home, account, fact } = notice;
  return { home, account, fact, keepLease: false, wipe: false };
}

function endOf(notice: ClaimedNotice, state: NoticeState): Pick<NoticeWrite, 'state' | 'wipe'> {
  return { state, wipe: templateOf(notice.template)?.secret === true };
}

function priorityOf({ template, class: noticeClass }: ClaimedNotice): number {
  if (templateOf(template)?.requested) return OUTBOX_PRIORITY.reply;
  return noticeClass === NOTICE_CLASS.marketing ? OUTBOX_PRIORITY.campaign : OUTBOX_PRIORITY.service;
}

function count(notice: ClaimedNotice, step: string): void {
  noticesTotal.inc({ class: CLASS_NAMES[notice.class] ?? 'unknown', step });
}
