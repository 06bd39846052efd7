import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { startApplication, type Application, type ApplicationHost } from './applications.ts';
import { eventHeaders, type ChannelFacts } from './channel-data.ts';
import { filesOf, wordsOf, type Manifest } from './manifest.ts';
import { EventSocket, type Channel, type Faults, type Headers } from './session.ts';

/** What the caller hears, from the moment it starts. */
export interface Prompt {
  /** `ask`: keys are awaited. `play`: keys are ignored. */
  readonly kind: 'ask' | 'play';
  readonly files: readonly string[];
  /** The recordings as words, by the manifest. */
  readonly text: string;
}

/** How a call ended. `dialplan`: the daemon let go of it and the action after `socket` runs (sorry, operator). */
export interface Ended {
  readonly by: 'caller' | 'daemon' | 'dialplan' | 'transfer';
  readonly cause: string;
  readonly extension?: string;
}

export interface CallOptions {
  readonly from: string;
  readonly to: string;
  /** Display name; UTF-8. */
  readonly name?: string;
  readonly faults?: Faults;
  /** Channel variables set by the dialplan before `socket`. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface CallSettings {
  readonly host: string;
  readonly port: number;
  readonly manifest: Manifest;
  /** Time a spoken word takes; 0 ends prompts at once. */
  readonly msPerWord: number;
  broadcast(event: string, uuid: string, headers: Headers): void;
}

interface CallEvents {
  answered: [];
  prompt: [Prompt];
  /** A prompt stopped: to its end, or cut by a key or a hang-up. */
  promptEnd: [{ readonly done: boolean }];
  ended: [Ended];
}

/** One caller on the simulated switch. */
export class SimulatedCall extends EventEmitter<CallEvents> implements Channel, ApplicationHost {
  readonly uuid = randomUUID();
  readonly from: string;
  readonly to: string;
  readonly ended: Promise<Ended>;
  /** Everything heard so far. */
  readonly prompts: Prompt[] = [];
  /** Every application with its argument, as the switch was told. */
  readonly executed: string[] = [];
  readonly socket: EventSocket;
  readonly variables = new Map<string, string>();
  /** Keys pressed while nothing listened; the next application finds them. */
  readonly keys: string[] = [];
  readonly msPerWord: number;
  private readonly settings: CallSettings;
  private readonly faults: Faults;
  private readonly facts: ChannelFacts;
  private readonly running: { application: Application; message: ReadonlyMap<string, string> }[] = [];
  private readonly waiting: ReadonlyMap<string, string>[] = [];
  /** The `socket` application reports what the last one inside it did. */
  private lastResponse = '_none_';
  private answeredMs = 0;
  private cause: string | undefined;
  private outcome: Ended | undefined;
  private read = 0;

  constructor(settings: CallSettings, options: CallOptions) {
    super();
    this.settings = settings;
    this.faults = options.faults ?? {};
    this.msPerWord = settings.msPerWord;
    this.from = options.from;
    this.to = options.to;
    for (const [name, value] of Object.entries(options.variables ?? {})) this.variables.set(name, value);
    this.variables.set('uuid', this.uuid);
    const name =
      this.faults.latin1Name === true ? Buffer.from('Ren\u00e9', 'latin1') : Buffer.from(options.name ?? '');
    this.facts = {
      uuid: this.uuid,
      from: options.from,
      to: options.to,
      name,
      startedMs: Date.now(),
      variables: this.variables,
    };
    this.ended = new Promise((resolve) => this.once('ended', resolve));
    this.socket = new EventSocket(settings.host, settings.port, this, this.faults);
  }

  /** Presses keys, one after another. */
  press(digits: string): void {
    for (const digit of digits) {
      if (this.cause !== undefined) return;
      this.emitEvent('DTMF', [
        ['DTMF-Digit', digit],
        ['DTMF-Duration', '800'],
      ]);
      const listening = this.running.at(-1)?.application;
      if (listening?.key === undefined) this.keys.push(digit);
      else listening.key(digit);
    }
  }

  /** The caller says and presses nothing until the question in progress gives up: no real time passes. */
  stayQuiet(): void {
    this.running.at(-1)?.application.quiet?.();
  }

  /**
   * Waits for the next question, or the end of the call, and returns all that was heard since the last time. Commas
   * and full stops come from the recordings.
   */
  async heard(): Promise<string> {
    const asked = (): boolean => this.prompts.slice(this.read).some((prompt) => prompt.kind === 'ask');
    while (!asked() && this.outcome === undefined) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.off('prompt', done);
          this.off('ended', done);
          resolve();
        };
        this.once('prompt', done);
        this.once('ended', done);
      });
    }
    const text = this.prompts.slice(this.read).map((prompt) => prompt.text);
    this.read = this.prompts.length;
    return text.join(' ').trim();
  }

  /** The caller hangs up, or the switch does. */
  hangup(cause = 'NORMAL_CLEARING', by: Ended['by'] = 'daemon'): void {
    if (this.cause !== undefined) return;
    this.cause = cause;
    this.emitEvent('CHANNEL_HANGUP');
    for (const { application, message } of this.running.splice(0).reverse()) {
      application.abort();
      this.complete(message, application.cutResponse);
    }
    this.waiting.splice(0);
    this.complete(new Map([['execute-app-name', 'socket']]), this.lastResponse);
    if (this.socket.lingers) {
      const billedS = this.answeredMs === 0 ? 0 : Math.round((Date.now() - this.answeredMs) / 1000);
      this.variables.set('billsec', String(billedS));
      this.emitEvent('CHANNEL_HANGUP_COMPLETE');
    }
    this.socket.channelGone();
    this.finish({ by, cause });
  }

  /** As {@link hangup}, by the caller. */
  hangUp(): void {
    this.hangup('NORMAL_CLEARING', 'caller');
  }

  data(): Headers {
    return eventHeaders('CHANNEL_DATA', this.facts, this.state());
  }

  getVariable(name: string): string | undefined {
    return this.variables.get(name);
  }

  /** Without event-lock a second application starts inside the first and ends before it, as measured. */
  execute(message: ReadonlyMap<string, string>): void {
    if (this.cause !== undefined || this.outcome !== undefined) return;
    if (this.running.length > 0 && message.get('event-lock') === 'true') this.waiting.push(message);
    else this.start(message);
  }

  socketClosed(error?: string): void {
    if (this.cause !== undefined || this.outcome !== undefined) return;
    for (const { application } of this.running.splice(0)) application.abort();
    this.finish({ by: 'dialplan', cause: error ?? 'SOCKET_CLOSED' });
  }

  promptStarts(kind: Prompt['kind'], playable: string): string {
    const text = wordsOf(playable, this.settings.manifest);
    this.emitEvent('PLAYBACK_START', [['Playback-File-Path', playable]]);
    if (playable.startsWith('silence_stream:') && kind === 'play') return '';
    const prompt = { kind, files: filesOf(playable), text };
    this.prompts.push(prompt);
    const number = this.prompts.length;
    // Listeners may press keys or hang up at once, which needs an application that has begun.
    queueMicrotask(() => {
      const resetAt = this.faults.resetMidCall === true ? 1 : this.faults.resetMidCall;
      if (resetAt === number) this.socket.reset();
      this.emit('prompt', prompt);
    });
    return text;
  }

  promptEnds(playable: string, done: boolean): void {
    if (this.cause !== undefined) return;
    this.emitEvent('PLAYBACK_STOP', [
      ['Playback-File-Path', playable],
      ['Playback-Status', done ? 'done' : 'break'],
    ]);
    this.emit('promptEnd', { done });
  }

  answer(): void {
    if (this.answeredMs !== 0) return;
    this.answeredMs = Date.now();
    this.emitEvent('CHANNEL_ANSWER');
    this.emit('answered');
  }

  transferTo(extension: string): void {
    this.finish({ by: 'transfer', cause: 'TRANSFERRED', extension });
  }

  private start(message: ReadonlyMap<string, string>): void {
    const name = message.get('execute-app-name') ?? '';
    const argument = message.get('execute-app-arg') ?? '';
    this.executed.push(`${name} ${argument}`.trim());
    this.emitEvent('CHANNEL_EXECUTE', applicationHeaders(message, '_none_'));
    const application = startApplication(name, argument, this);
    if (application === undefined) {
      this.hangup('DESTINATION_OUT_OF_ORDER');
      return;
    }
    const entry = { application, message };
    this.running.push(entry);
    application.begin((response) => {
      const at = this.running.indexOf(entry);
      if (at === -1) return;
      this.running.splice(at, 1);
      this.complete(message, response);
      while (this.running.length === 0 && this.waiting.length > 0) this.start(this.waiting.shift()!);
    });
  }

  private complete(message: ReadonlyMap<string, string>, response: string): void {
    this.lastResponse = response;
    this.emitEvent('CHANNEL_EXECUTE_COMPLETE', applicationHeaders(message, response));
  }

  private emitEvent(event: string, extra: Headers = []): void {
    this.settings.broadcast(event, this.uuid, eventHeaders(event, this.facts, this.state(), extra));
  }

  private state(): { answer: string; cause: string | undefined } {
    const answer = this.cause !== undefined ? 'hangup' : this.answeredMs > 0 ? 'answered' : 'ringing';
    return { answer, cause: this.cause };
  }

  private finish(outcome: Ended): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.emit('ended', outcome);
  }
}

function applicationHeaders(message: ReadonlyMap<string, string>, response: string): Headers {
  return [
    ['Application', message.get('execute-app-name') ?? ''],
    ['Application-Data', message.get('execute-app-arg') ?? ''],
    ['Application-Response', response],
    ['Application-UUID', message.get('event-uuid') ?? randomUUID()],
  ];
}
