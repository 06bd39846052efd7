import { SimulatedCall, type CallOptions } from './call.ts';
import type { Manifest } from './manifest.ts';
import type { Headers } from './session.ts';

export interface FreeswitchOptions {
  /** Where the daemon listens for outbound sockets. */
  readonly host: string;
  readonly port: number;
  /** Words of the recordings; without it prompts are shown as file names. */
  readonly manifest?: Manifest;
  /** Speed of speech: 0 (default) for scripts, about 250 for a person who reads along. */
  readonly msPerWord?: number;
}

/** A FreeSWITCH as the daemon sees it: any number of callers whose dialplan says `socket HOST:PORT async full`. */
export interface Freeswitch {
  call(options: CallOptions): SimulatedCall;
  /** Calls not yet ended. */
  calls(): number;
  /** Hangs up every call. */
  close(): void;
}

/** Starts the simulated switch; it opens a connection per call and listens on nothing. */
export function startFreeswitch({ host, port, manifest = {}, msPerWord = 0 }: FreeswitchOptions): Freeswitch {
  const calls = new Set<SimulatedCall>();
  /** Sockets that linger after their call still get events. */
  const broadcast = (event: string, uuid: string, headers: Headers): void => {
    for (const call of calls) call.socket.deliver(event, uuid, headers);
  };
  return {
    call(options) {
      const call = new SimulatedCall({ host, port, manifest, msPerWord, broadcast }, options);
      calls.add(call);
      void call.ended.then(() => calls.delete(call));
      return call;
    },
    calls: () => calls.size,
    close() {
      for (const call of calls) call.hangUp();
    },
  };
}
