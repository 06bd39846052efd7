import type { Socket } from 'node:net';
import type { CallArrival, TakeCall } from '../../src/channels/ivr/step.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { IvrConfig } from '../../src/runtime/config/ivr.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { maskMsisdn } from '../../src/values/msisdn.ts';
import type { TraceId } from '../../src/values/trace.ts';
import { isUuid } from './argument.ts';
import { Call } from './call.ts';
import { accepted, EslConnection } from './connection.ts';
import { channelData, type EslEvent } from './event.ts';
import { callsEnded, callsRunning } from './metrics.ts';

/** One outbound socket of FreeSWITCH, from accept to close. */
export interface EslSession {
  /** The conversation in progress, if any. */
  running(): Call | undefined;
  /** Cuts the connection without a word. */
  destroy(): void;
  /** Resolves when the socket is closed; never rejects. */
  readonly closed: Promise<void>;
}

export interface SessionDeps {
  readonly config: IvrConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly takeCall: TakeCall;
}

/** Events kept from before the conversation. */
const EARLY_MAX = 20;

const EVENTS = 'event json CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE PLAYBACK_STOP';

/**
 * Serves one call. Whatever goes wrong before the conversation, the socket is closed and the dialplan goes on behind
 * its `socket` action, where the operator is.
 */
export function serveSession(socket: Socket, deps: SessionDeps): EslSession {
  const { config, clock } = deps;
  const trace = newTraceId();
  const log = deps.log.child({ trace });
  let call: Call | undefined;
  /** What the switch told before there was a conversation: the caller may hang up in between. */
  const early: EslEvent[] = [];
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));

  const take = (event: EslEvent, uuid: string): void => {
    if (event.get('unique-id') !== uuid) return;
    call?.take(event);
    if (event.get('event-name') !== 'CHANNEL_HANGUP_COMPLETE') return;
    log.info({ cause: event.get('hangup-cause'), billedS: event.get('variable_billsec') }, 'channel gone');
    connection.close();
  };
  let onEvent = (event: EslEvent): void => {
    if (early.length < EARLY_MAX) early.push(event);
  };
  const connection = new EslConnection(socket, {
    clock,
    log,
    commandMs: config.commandTimeoutMs,
    onEvent: (event) => onEvent(event),
    onNotice(disposition) {
      if (disposition === 'linger') return;
      call?.lost();
      connection.close();
    },
    onClose: () => call?.lost(),
  });

  const serve = async (): Promise<void> => {
    const arrived = await handshake(connection);
    if (arrived === undefined) {
      callsEnded.inc({ how: 'lost' });
      connection.close();
      return;
    }
    const uuid = arrived.get('unique-id')!;
    const arrival = toArrival(arrived, trace, config.origin);
    const conversation = deps.takeCall(arrival);
    if (conversation === undefined) {
      callsEnded.inc({ how: 'released' });
      await release(connection);
      return;
    }
    log.info(
      { uuid, caller: maskMsisdn(arrival.caller), called: arrival.called.slice(0, 32) },
      'call begins',
    );
    const prepare = () => answer(connection, config.commandTimeoutMs);
    call = new Call({ connection, conversation, clock, log, config, prepare });
    callsRunning.inc();
    onEvent = (event) => take(event, uuid);
    for (const event of early.splice(0)) onEvent(event);
    const how = await call.over;
    callsRunning.dec();
    callsEnded.inc({ how });
    log.info({ how }, 'call ends');
    // Late events (billed seconds) still come; a transferred channel lives on without us.
    if (how === 'transfer') connection.close();
    else clock.after(config.lingerS * 1_000, () => connection.close());
  };
  serve().catch((error: unknown) => {
    log.error({ err: error }, 'call not served');
    connection.close();
  });

  return {
    running: () => (call?.isGone() === false ? call : undefined),
    destroy: () => socket.destroy(),
    closed,
  };
}

/**
 * `connect`, then everything that must stand before the first application: without the filter `event` would deliver
 * the events of every call on the switch. Undefined when the peer is no FreeSWITCH or its dialplan lacks `async full`.
 */
async function handshake(connection: EslConnection): Promise<EslEvent | undefined> {
  const connected = accepted(await connection.command('connect'));
  if (connected.kind === 'lost') return undefined;
  const channel = channelData(connected.value);
  const uuid = channel.get('unique-id') ?? '';
  if (!isUuid(uuid)) return undefined;
  const replies = await Promise.all([
    connection.command(`filter Unique-ID ${uuid}`),
    connection.command('linger 5'),
    connection.command(EVENTS),
  ]);
  return replies.every((reply) => accepted(reply).kind === 'done') ? channel : undefined;
}

/** Answers, and makes plain playbacks deaf to keys: by default `*` would cut them. */
async function answer(connection: EslConnection, timeoutMs: number): Promise<boolean> {
  const done = await Promise.all([
    connection.execute('answer', '', timeoutMs),
    connection.execute('set', 'playback_terminators=none', timeoutMs),
  ]);
  return done.every((wait) => wait.kind === 'done');
}

/** Gives the call back to the dialplan, which runs the action after `socket`. */
async function release(connection: EslConnection): Promise<void> {
  await connection.command('exit');
  connection.close();
}

function toArrival(channel: EslEvent, trace: TraceId, origin: IvrConfig['origin']): CallArrival {
  const lowered = channel.get('variable_bonusgate_origin') === 'untrusted';
  return {
    trace,
    uuid: channel.get('unique-id')!,
    caller: channel.get('caller-caller-id-number') ?? '',
    called: channel.get('caller-destination-number') ?? '',
    origin: lowered ? 'untrusted' : origin,
  };
}
