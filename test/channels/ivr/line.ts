import { startEsl, type EslListener } from '../../../protocols/esl/listener.ts';
import { startFreeswitch, type Freeswitch } from '../../../simulators/freeswitch/freeswitch.ts';
import { loadManifest } from '../../../simulators/freeswitch/manifest.ts';
import type { CatalogueItem, Command, Outcome, Quote } from '../../../src/channels/command.ts';
import type { CallBook } from '../../../src/channels/ivr/compose.ts';
import { createConversation } from '../../../src/channels/ivr/conversation.ts';
import type { IvrCallDeps, PinVerdict } from '../../../src/channels/ivr/deps.ts';
import { loadScript } from '../../../src/channels/ivr/load-script.ts';
import type { CallArrival } from '../../../src/channels/ivr/step.ts';
import { systemClock, type Clock } from '../../../src/runtime/clock.ts';
import { ivrConfig, type IvrConfig } from '../../../src/runtime/config/ivr.ts';
import { createLogger } from '../../../src/runtime/log.ts';
import { instant } from '../../../src/values/instant.ts';
import type { Language } from '../../../src/values/language.ts';

export const ITEMS: readonly CatalogueItem[] = [
  { number: 1, code: 'coffee', name: { en: 'Coffee', ru: 'Кофе' }, points: 150n },
  { number: 2, code: 'cinema', name: { en: 'Cinema ticket', ru: 'Билет в кино' }, points: 400n },
  { number: 3, code: 'umbrella', name: { en: 'Umbrella', ru: 'Зонт' }, points: 2_000n },
];

/** What one subscriber can do, kept in memory; it records what was asked of it. */
export class FakeCore implements IvrCallDeps {
  readonly subscriber: { readonly language: Language } | undefined;
  readonly executed: { readonly stepId: string; readonly command: Command }[] = [];
  readonly heard: { readonly pendingId: string; readonly heard: boolean }[] = [];
  /** Times that ended() reached the conversation. */
  readonly ended: string[] = [];
  pin = '4321';
  pinVerdict: PinVerdict | undefined;
  available = 1_121n;
  voucher: string | undefined;
  fee = 2n;
  /** Answers in front of the usual ones, one per execute. */
  readonly answers: (Outcome | Error)[] = [];
  /** Waited for before each answer. */
  gate: Promise<void> = Promise.resolve();
  private quote: Quote | undefined;
  private serial = 0;

  constructor(language: Language | 'unknown' = 'en') {
    this.subscriber = language === 'unknown' ? undefined : { language };
  }

  async execute(stepId: string, command: Command): Promise<Outcome> {
    this.executed.push({ stepId, command });
    await this.gate;
    const given = this.answers.shift();
    if (given instanceof Error) throw given;
    return given ?? this.answer(command);
  }

  verifyPin(digits: string): Promise<PinVerdict> {
    return Promise.resolve(this.pinVerdict ?? (digits === this.pin ? 'ok' : 'wrong'));
  }

  resultHeard(pendingId: string, heard: boolean): void {
    this.heard.push({ pendingId, heard });
  }

  kinds(): string[] {
    return this.executed.map(({ command }) => command.kind);
  }

  private answer(command: Command): Outcome {
    switch (command.kind) {
      case 'balance':
        return done({
          kind: 'balance',
          balance: {
            available: this.available,
            held: 50n,
            pending: 0n,
            debt: 0n,
            expiring: [
              { points: 21n, at: instant(Date.UTC(2026, 11, 31, 20)) },
              { points: 1n, at: instant(Date.UTC(2027, 0, 31, 20)) },
            ],
          },
        });
      case 'history':
        return done({
          kind: 'history',
          entries: [
            { kind: 'earn', points: 100n, at: instant(Date.UTC(2026, 10, 3, 9)) },
            { kind: 'transfer_out', points: -32n, at: instant(Date.UTC(2026, 9, 30, 9)) },
            { kind: 'expire', points: -1n, at: instant(Date.UTC(2026, 8, 22, 9)) },
          ],
        });
      case 'catalogue':
        return done({ kind: 'catalogue', items: ITEMS });
      case 'orders':
        return done({ kind: 'orders', orders: [] });
      case 'help':
        return done({ kind: 'help' });
      case 'language':
        return done({ kind: 'language', language: command.language });
      case 'cancel':
        return done({ kind: 'cancelled' });
      case 'prepare': {
        const { action } = command;
        const item = ITEMS.find(({ code }) => action.kind === 'redeem' && code === action.item);
        this.quote =
          action.kind === 'transfer'
            ? { kind: 'transfer', to: action.to, points: action.points, fee: this.fee }
            : { kind: 'redeem', item: item! };
        return done({ kind: 'prepared', pendingId: `pending-${++this.serial}`, quote: this.quote });
      }
      case 'confirm': {
        const { quote } = this;
        if (quote?.kind === 'transfer') {
          this.available -= quote.points + quote.fee;
          return done({ kind: 'transferred', to: quote.to, points: quote.points, available: this.available });
        }
        if (quote?.kind !== 'redeem') throw new Error('a call orders gifts and sends points');
        this.available -= quote.item.points;
        const voucher = this.voucher === undefined ? {} : { voucher: this.voucher };
        return done({ kind: 'redeemed', item: quote.item, available: this.available, ...voucher });
      }
    }
  }
}

function done(result: Extract<Outcome, { kind: 'done' }>['result']): Outcome {
  return { kind: 'done', result, replayed: false };
}

export const NUMBER_PLAN = { countryCode: '7', trunkPrefix: '8', nationalLength: 10 };

export async function shippedBook(): Promise<CallBook> {
  const { script } = await loadScript('conf/ivr/main.yaml');
  return { script, sounds: ivrConfig.parse({}).sounds, zone: 'Europe/Moscow', numberPlan: NUMBER_PLAN };
}

/** A daemon's voice side and a switch in front of it, on real sockets. */
export interface Line {
  readonly esl: EslListener;
  readonly freeswitch: Freeswitch;
  readonly logged: string[];
  readonly arrivals: CallArrival[];
  close(): Promise<void>;
}

export async function openLine(
  core: FakeCore,
  options: {
    readonly config?: Partial<IvrConfig>;
    readonly clock?: Clock;
    readonly book?: CallBook;
    readonly refuse?: boolean;
  } = {},
): Promise<Line> {
  const book = options.book ?? (await shippedBook());
  const logged: string[] = [];
  const arrivals: CallArrival[] = [];
  const log = createLogger({ level: 'debug', destination: { write: (line) => void logged.push(line) } });
  const config = ivrConfig.parse({ port: 0, lingerS: 1, ...options.config });
  const esl = await startEsl(config, {
    clock: options.clock ?? systemClock(),
    log,
    takeCall(arrival) {
      arrivals.push(arrival);
      if (options.refuse === true) return undefined;
      const conversation = createConversation({ book, log, open: () => Promise.resolve(core) });
      return {
        start: () => conversation.start(),
        next: (input) => conversation.next(input),
        ended(cause, heard) {
          core.ended.push(cause);
          conversation.ended(cause, heard);
        },
      };
    },
  });
  const manifest = await loadManifest('conf/ivr');
  const freeswitch = startFreeswitch({ ...esl.address, manifest });
  return {
    esl,
    freeswitch,
    logged,
    arrivals,
    async close() {
      freeswitch.close();
      await esl.close();
    },
  };
}
