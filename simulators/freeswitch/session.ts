import { connect, type Socket } from 'node:net';
import { urlEncode } from './channel-data.ts';

/** Misbehaviour of the switch or of its network, on demand. */
export interface Faults {
  /** The caller's display name holds an octet that is no UTF-8. */
  readonly latin1Name?: boolean;
  /** The connection is reset while prompt number N (from 1) plays; true means 1. */
  readonly resetMidCall?: boolean | number;
  /** The answer to `connect` is a header block that never ends. */
  readonly endlessHeader?: boolean;
  /** The switch connects and then never says anything. */
  readonly silent?: boolean;
  /** Every octet is written by itself. */
  readonly splitEveryByte?: boolean;
}

export type Headers = readonly (readonly [string, string])[];

/** The channel behind a session. */
export interface Channel {
  readonly uuid: string;
  data(): Headers;
  getVariable(name: string): string | undefined;
  execute(message: ReadonlyMap<string, string>): void;
  hangup(cause: string): void;
  /** The daemon closed the socket, or never took the call. */
  socketClosed(error?: string): void;
}

const OWN_EVENTS = new Set([
  'DTMF',
  'CHANNEL_ANSWER',
  'CHANNEL_EXECUTE',
  'CHANNEL_EXECUTE_COMPLETE',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
  'CHANNEL_STATE',
]);
const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';
const NOT_FOUND = '-ERR command not found';

/** mod_event_socket's side of one outbound connection: speaks first only after `connect`. */
export class EventSocket {
  /** Every command as it came, for tests: first line and, of sendmsg, its headers. */
  readonly commands: string[] = [];
  /** Events that passed subscription and filters. */
  eventsWritten = 0;
  private readonly socket: Socket;
  private readonly channel: Channel;
  private readonly faults: Faults;
  private pending = '';
  private readonly subscribed = new Set<string>();
  private readonly filters: { name: string; value: string }[] = [];
  private format: 'json' | 'plain' = 'plain';
  private mine = false;
  private lingerS = 0;
  private open = true;

  constructor(host: string, port: number, channel: Channel, faults: Faults) {
    this.channel = channel;
    this.faults = faults;
    this.socket = connect({ host, port });
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk) => this.receive(chunk.toString('latin1')));
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.closed(error.code));
    this.socket.on('end', () => this.socket.end());
    this.socket.on('close', () => this.closed());
  }

  /** Offers an event of any channel of the switch; only what was asked for and passes the filters is written. */
  deliver(event: string, uuid: string, headers: Headers): void {
    if (!this.open) return;
    const own = this.mine && uuid === this.channel.uuid && OWN_EVENTS.has(event);
    const asked = this.subscribed.has(event) || this.subscribed.has('ALL');
    const passes =
      this.filters.length === 0 ||
      this.filters.some(({ name, value }) =>
        headers.some((header) => header[0] === name && header[1] === value),
      );
    if (!own && !(asked && passes)) return;
    this.eventsWritten++;
    const body = this.format === 'json' ? toJson(headers) : toPlain(headers);
    this.write(`Content-Length: ${body.length}\nContent-Type: text/event-${this.format}\n\n${body}`);
  }

  /** The channel is hung up: with linger the socket stays for late events, else it ends at once. */
  channelGone(): void {
    const uuid = `Controlled-Session-UUID: ${this.channel.uuid}`;
    const goodbye = `Content-Type: text/disconnect-notice\n${uuid}\nContent-Disposition: disconnect\nContent-Length: ${GOODBYE.length}\n\n${GOODBYE}`;
    if (this.lingerS === 0) {
      this.write(goodbye);
      this.socket.end();
      return;
    }
    this.write(
      `Content-Type: text/disconnect-notice\n${uuid}\nContent-Disposition: linger\nChannel-Name: sofia/external/sim\nLinger-Time: ${this.lingerS}\nContent-Length: 0\n\n`,
    );
    const timer = setTimeout(() => {
      this.write(goodbye);
      this.socket.end();
    }, this.lingerS * 1000);
    timer.unref();
    this.socket.on('close', () => clearTimeout(timer));
  }

  get lingers(): boolean {
    return this.lingerS > 0;
  }

  /** Resets the connection, as a crashed switch or a firewall does. */
  reset(): void {
    this.socket.resetAndDestroy();
    this.closed('ECONNRESET');
  }

  /** Octets that are no event socket protocol, for tests of the daemon. */
  writeRaw(octets: Buffer): void {
    if (this.open) this.socket.write(octets);
  }

  private closed(error?: string): void {
    if (!this.open) return;
    this.open = false;
    this.channel.socketClosed(error);
  }

  private write(text: string): void {
    if (!this.open || this.socket.destroyed) return;
    if (this.faults.splitEveryByte !== true) {
      this.socket.write(text, 'latin1');
      return;
    }
    for (const character of text) this.socket.write(character, 'latin1');
  }

  private receive(text: string): void {
    this.pending += text;
    for (let end = this.pending.indexOf('\n\n'); end !== -1; end = this.pending.indexOf('\n\n')) {
      const command = this.pending.slice(0, end).replace(/^\n+/, '');
      this.pending = this.pending.slice(end + 2);
      if (command === '' || this.faults.silent === true) continue;
      this.commands.push(command);
      this.obey(command);
    }
  }

  private reply(text: string): void {
    this.write(`Content-Type: command/reply\nReply-Text: ${text.slice(0, 511)}\n\n`);
  }

  private obey(command: string): void {
    const [first = '', ...rest] = command.split('\n');
    const [verb = '', ...words] = first.trim().split(/ +/);
    switch (verb) {
      case 'connect':
        return this.connect();
      case 'sendmsg':
        return this.sendmsg(words[0], rest);
      case 'linger':
        this.lingerS = Number(words[0] ?? 10);
        return this.reply(`+OK will linger ${this.lingerS} seconds`);
      case 'nolinger':
        this.lingerS = 0;
        return this.reply('+OK will not linger');
      case 'event':
        return this.subscribe(words);
      case 'filter':
        return this.filter(words);
      case 'myevents':
        if (this.mine) return this.reply('-ERR aready enabled.');
        this.mine = true;
        this.format = words[0] === 'json' ? 'json' : 'plain';
        return this.reply('+OK Events Enabled');
      case 'noevents':
        this.subscribed.clear();
        return this.reply('+OK no longer listening for events');
      case 'nixevent':
        for (const event of words) this.subscribed.delete(event);
        return this.reply('+OK events nixed');
      case 'divert_events':
        return this.reply('+OK events diverted');
      case 'resume':
        return this.reply('+OK');
      case 'getvar':
        return this.reply(this.channel.getVariable(words[0] ?? '') ?? NOT_FOUND);
      case 'api': {
        const answer = `-ERR ${words[0] ?? ''} Command not found!\n`;
        return this.write(`Content-Type: api/response\nContent-Length: ${answer.length}\n\n${answer}`);
      }
      case 'exit':
        this.reply('+OK bye');
        this.socket.end();
        return;
      default:
        return this.reply(NOT_FOUND);
    }
  }

  private connect(): void {
    if (this.faults.endlessHeader === true) return this.pourHeader();
    const block = this.channel.data().map(([name, value]) => `${name}: ${urlEncode(value)}\n`);
    this.write(
      `${block.join('')}Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\nControl: full\n\n`,
    );
  }

  private pourHeader(): void {
    const line = `variable_pad: ${'a'.repeat(4_000)}\n`;
    const pour = (): void => {
      while (this.open && !this.socket.destroyed && this.socket.write(line));
    };
    this.socket.on('drain', pour);
    pour();
  }

  private subscribe([format, ...events]: string[]): void {
    if (format === 'json' || format === 'plain') this.format = format;
    const known = events.filter((event) => event !== 'NOSUCHEVENT');
    if (known.length === 0) return this.reply('-ERR no keywords supplied');
    for (const event of known) this.subscribed.add(event);
    this.reply(`+OK event listener enabled ${this.format}`);
  }

  private filter(words: string[]): void {
    const [name, ...value] = words;
    if (name === undefined || value.length === 0) return this.reply(NOT_FOUND);
    this.filters.push({ name, value: value.join(' ') });
    this.reply(`+OK filter added. [${name}]=[${value.join(' ')}]`);
  }

  private sendmsg(uuid: string | undefined, lines: string[]): void {
    if (uuid !== undefined && uuid !== this.channel.uuid)
      return this.reply(`-ERR invalid session id [${uuid}]`);
    const message = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon > 0) message.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    this.reply('+OK');
    if (message.get('call-command') === 'hangup')
      this.channel.hangup(message.get('hangup-cause') ?? 'NORMAL_CLEARING');
    else this.channel.execute(message);
  }
}

/** cJSON leaves octets above 127 alone: a Latin-1 name makes the body invalid UTF-8, as on the real switch. */
function toJson(headers: Headers): string {
  return JSON.stringify(Object.fromEntries(headers));
}

function toPlain(headers: Headers): string {
  return `${headers.map(([name, value]) => `${name}: ${urlEncode(value)}`).join('\n')}\n\n`;
}
