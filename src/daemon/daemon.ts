import path from 'node:path';
import { startControl, type ControlServer } from '../../protocols/http/control.ts';
import { startAdmin, type AdminServer } from '../../protocols/http/admin.ts';
import { startHttp, type HttpServer } from '../../protocols/http/server.ts';
import { startEsl, type EslListener } from '../../protocols/esl/listener.ts';
import { startSmpp, type SmppWire } from '../../protocols/smpp/esme.ts';
import { sweep } from '../jobs/sweep.ts';
import { createDispatcher, type Dispatcher } from '../notify/dispatcher.ts';
import { createReceiveReceipt } from '../notify/receipts.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { SendSms } from '../notify/ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import { reloadConfig } from '../runtime/config/load.ts';
import { createDiskGuard, type DiskGuard } from '../runtime/disk-guard.ts';
import { runLifecycle, type Part } from '../runtime/lifecycle.ts';
import type { Logger } from '../runtime/log.ts';
import { collectProcessMetrics } from '../runtime/metrics.ts';
import { waitUntil } from '../runtime/pause.ts';
import { parseMsisdn } from '../values/msisdn.ts';
import { sealerPart } from './audit.ts';
import { openBrowsing, type Browsing } from './browsing.ts';
import { createChannels, type Channels } from './channels.ts';
import { createCommands } from './commands.ts';
import { billingSystem } from './billing.ts';
import { openCore, type Core } from './core.ts';
import { createInlineResults, type InlineResults } from './inline-results.ts';
import { routesOf } from './routes.ts';
import type { Section } from './sections.ts';
import { jobsPart } from './jobs.ts';
import { openNotices } from './notices.ts';
import { openStorage, inHome, type Storage } from './storage.ts';

export interface DaemonOptions {
  readonly config: Config;
  readonly configFile: string;
  /** State folder: secrets and the control socket. */
  readonly home: string;
  readonly version: string;
  readonly only: readonly Section[];
  readonly clock: Clock;
  readonly log: Logger;
  /** The demo's clock: how far it is ahead, and how to move it. */
  readonly demoClock?: { offsetMs(): number; advance(days: number): Promise<void> };
  /** Parts of the caller's own around the gateway: the demo's simulators before it, its story after it. */
  readonly before?: readonly Part[];
  readonly after?: readonly Part[];
}

/** Name of the control socket in the state folder. */
export const CONTROL_SOCKET = 'control.sock';

/** Builds everything from the configuration, runs it until told to stop, and answers the exit code. */
export function runDaemon(options: DaemonOptions): Promise<number> {
  const daemon = new Daemon(options);
  return runLifecycle({
    parts: [...(options.before ?? []), ...daemon.parts(), ...(options.after ?? [])],
    reload: () => daemon.reload(),
    startTimeoutMs: options.config.lifecycle.startTimeoutMs,
    stopTimeoutMs: options.config.lifecycle.stopTimeoutMs,
    clock: options.clock,
    log: options.log,
  });
}

/** The parts in starting order; each field is set when its part has started. */
class Daemon {
  readonly #options: DaemonOptions;
  #config: Config;
  #storage!: Storage;
  #core!: Core;
  #channels!: Channels;
  #dispatcher!: Dispatcher;
  #notifier!: Notifier;
  #inline!: InlineResults;
  #guard!: DiskGuard;
  #smpp: SmppWire | undefined;
  #esl: EslListener | undefined;
  #browsing: Browsing | undefined;
  #http: HttpServer | undefined;
  #admin!: AdminServer;
  #control!: ControlServer;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  parts(): Part[] {
    const { only } = this.#options;
    const has = (section: Section): boolean => only.length === 0 || only.includes(section);
    return [
      this.#storagePart(),
      this.#guardPart(),
      this.#corePart(),
      this.#messagesPart(has('smpp')),
      ...(has('ivr') && this.#config.ivr.enabled ? [this.#voicePart()] : []),
      ...(has('icap') && this.#config.icap.enabled ? [this.#browsingPart()] : []),
      ...(has('http') && this.#config.http.enabled ? [this.#httpPart()] : []),
      this.#adminPart(),
      this.#controlPart(),
      ...(has('jobs') ? [this.#jobsPart(), sealerPart(this.#options, () => this.#storage.pool)] : []),
    ];
  }

  /** Validates the whole file first, then swaps what can be swapped; anything else needs a restart. */
  async reload(): Promise<void> {
    const { log, configFile } = this.#options;
    const { config, changed, needsRestart } = reloadConfig(this.#config, configFile);
    this.#config = config;
    log.level = config.log.level;
    await this.#browsing?.reload(config);
    log.info({ changed, needsRestart }, 'configuration reloaded');
  }

  #storagePart(): Part {
    const { clock, log } = this.#options;
    return {
      name: 'storage',
      start: async () => {
        collectProcessMetrics();
        this.#storage = await openStorage(this.#config, clock, log);
      },
      stop: () => this.#storage.close(),
    };
  }

  #corePart(): Part {
    const { clock, log, home, demoClock } = this.#options;
    return {
      name: 'core',
      start: async () => {
        this.#core = await openCore({
          config: () => this.#config,
          home,
          storage: this.#storage,
          clock,
          offsetMs: () => demoClock?.offsetMs() ?? 0,
          log,
          onOutbox: (rows) => this.#dispatcher.offer(rows),
          onNotices: () => this.#notifier.poke(),
          billing: billingSystem(this.#config, clock),
          intakeOpen: () => this.#guard.intakeOpen(),
        });
      },
      stop: () => this.#core.close(),
    };
  }

  #guardPart(): Part {
    const { clock, log, home } = this.#options;
    return {
      name: 'disk guard',
      start: async () => {
        this.#guard = createDiskGuard({
          folder: this.#config.diskGuard.folder ?? home,
          limits: () => this.#config.diskGuard,
          checkEveryMs: this.#config.diskGuard.checkEveryMs,
          clock,
          log,
        });
        await this.#guard.start();
      },
      stop: () => this.#guard.stop(),
    };
  }

  /** Outbox and SMPP belong together: replies go out until the last moment, then the binds close. */
  #messagesPart(withSmpp: boolean): Part {
    const { clock, log } = this.#options;
    return {
      name: 'messages',
      start: async () => {
        const core = this.#core;
        const sendSms: SendSms = (mt) =>
          this.#smpp?.sendSms(mt) ?? Promise.resolve({ kind: 'retry', reason: 'no smpp section' });
        const isStopped = () => core.brakes.isEngaged('messages');
        this.#dispatcher = createDispatcher({
          pool: this.#storage.pool,
          send: sendSms,
          clock,
          log,
          config: this.#config.notify,
          owner: core.daemonId,
          isStopped,
          stillOwns: async (subscriber, msisdn) =>
            (await core.subscribers.findNumber(BigInt(subscriber))) === msisdn,
        });
        this.#notifier = await openNotices({
          config: () => this.#config,
          pool: this.#storage.pool,
          clock,
          log,
          daemonId: core.daemonId,
          smpp: () => this.#smpp,
          isStopped,
          onOutbox: (rows) => this.#dispatcher.offer(rows),
        });
        this.#inline = createInlineResults(clock, () => this.#dispatcher);
        this.#channels = await createChannels({
          config: this.#config,
          core,
          storage: this.#storage,
          clock,
          log,
          inline: this.#inline,
          sendSms,
        });
        if (withSmpp) this.#smpp = this.#startSmpp();
        this.#dispatcher.start();
        this.#notifier.start();
      },
      stop: async () => {
        this.#smpp?.pauseIntake();
        // Messages that are being carried out still get their replies into the dispatcher's hands.
        const carriedOut = () => this.#smpp?.binds().every((bind) => bind.moUnanswered === 0) || undefined;
        if (this.#smpp !== undefined) await waitUntil(carriedOut, { timeoutMs: 5_000 });
        await this.#notifier.stop();
        await this.#dispatcher.stop();
        await this.#smpp?.close();
      },
    };
  }

  #startSmpp(): SmppWire {
    const { clock, log } = this.#options;
    const { proofs, subscribers } = this.#core;
    const { receiveMo, takeUssdTurn } = this.#channels;
    return startSmpp(this.#config.smpp, {
      clock,
      log,
      receiveMo: (mo) => (this.#guard.intakeOpen() ? receiveMo(mo) : Promise.resolve('full')),
      receiveReceipt: createReceiveReceipt(this.#storage.pool, log, () => this.#notifier.poke()),
      takeUssdTurn,
      onSessionStart: (session) => proofs.onSessionStart(session),
      onSessionEnd: (sessionId) => proofs.onSessionEnd(sessionId),
      onProof: (sessionId, provedUntil) => proofs.onProof(sessionId, provedUntil),
      onLateAnswer: (mo) => {
        void subscribers.resolveNumber(parseMsisdn(mo.source), mo.receivedAt).then(
          (owner) => owner && proofs.onLateAnswer(mo, owner.id),
          (error: unknown) => log.error({ err: error, trace: mo.trace }, 'late answer not marked'),
        );
      },
    });
  }

  #voicePart(): Part {
    const { clock, log } = this.#options;
    return {
      name: 'ivr',
      stopTimeoutMs: this.#config.ivr.drainTimeoutMs + this.#config.ivr.commandTimeoutMs * 2,
      start: async () => {
        const { takeCall } = this.#channels;
        this.#esl = await startEsl(this.#config.ivr, {
          takeCall: (arrival) => (this.#guard.intakeOpen() ? takeCall(arrival) : undefined),
          clock,
          log,
        });
      },
      stop: () => this.#esl?.close(),
    };
  }

  #browsingPart(): Part {
    const { clock, log, home, demoClock } = this.#options;
    return {
      name: 'icap',
      start: async () => {
        this.#browsing = await openBrowsing({
          config: () => this.#config,
          home,
          storage: this.#storage,
          clock,
          offsetMs: () => demoClock?.offsetMs() ?? 0,
          brakes: this.#core.brakes,
          log,
        });
      },
      stop: () => this.#browsing?.close(),
    };
  }

  #httpPart(): Part {
    const { clock, log, version } = this.#options;
    return {
      name: 'http',
      start: async () => {
        const { partners, tokens } = this.#core;
        this.#http = await startHttp(this.#config.http, {
          clock,
          log,
          version,
          routes: routesOf(this.#core, () => this.#config, this.#storage.pool, clock),
          pages: this.#browsing?.pages ?? [],
          resolveToken: (secret) => tokens.verifyToken(secret),
          authenticatePartner: partners.authenticate,
        });
        log.info({ address: this.#http.address }, 'listening for HTTP');
      },
      stop: () => this.#http?.close(),
    };
  }

  #adminPart(): Part {
    const { clock, log } = this.#options;
    return {
      name: 'admin',
      start: async () => {
        this.#admin = await startAdmin(this.#config.admin, {
          clock,
          log,
          checks: [
            ...this.#storage.checks,
            { name: 'ledger', check: () => this.#core.ledger.healthy() },
            { name: 'disk', check: () => this.#guard.intakeOpen() },
          ],
        });
      },
      stop: () => this.#admin.close(),
    };
  }

  #controlPart(): Part {
    const { clock, log, home, demoClock } = this.#options;
    return {
      name: 'control',
      start: async () => {
        this.#control = await startControl({
          path: path.resolve(inHome(home, CONTROL_SOCKET)),
          handlers: createCommands({
            config: () => this.#config,
            core: this.#core,
            storage: this.#storage,
            browsing: () => this.#browsing,
            clock,
            status: () => this.#status(),
            advance: demoClock && ((days) => this.#advance(days)),
          }),
          clock,
          log,
        });
      },
      stop: () => this.#control.close(),
    };
  }

  /** Moves the demo's time and does at once what time does: lapse points, forget what was shown. */
  async #advance(days: number): Promise<void> {
    await this.#options.demoClock?.advance(days);
    await this.#browsing?.reload(this.#config);
    const { required } = this.#config.programme.expiryWarning;
    await sweep(this.#core.ledger, this.#storage.pool, this.#options.clock.now(), required);
  }

  #status(): unknown {
    return {
      version: this.#options.version,
      now: new Date(this.#options.clock.now()).toISOString(),
      binds: this.#smpp?.binds() ?? [],
      calls: this.#esl?.calls() ?? 0,
      icapWorkers: this.#browsing?.icap.workers() ?? [],
      http: this.#http?.address,
      admin: this.#admin.address,
      ledger: { healthy: this.#core.ledger.healthy() },
    };
  }

  #jobsPart(): Part {
    return jobsPart(this.#options, {
      core: () => this.#core,
      pool: () => this.#storage.pool,
      config: () => this.#config,
    });
  }
}
