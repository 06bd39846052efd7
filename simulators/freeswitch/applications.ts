/** The parts of a channel that applications work on. */
export interface ApplicationHost {
  readonly variables: Map<string, string>;
  readonly keys: string[];
  readonly msPerWord: number;
  promptStarts(kind: 'ask' | 'play', playable: string): string;
  promptEnds(playable: string, done: boolean): void;
  answer(): void;
  hangup(cause: string): void;
  transferTo(extension: string): void;
}

/** A dialplan application at work on a channel. */
export interface Application {
  /** Application-Response when the caller hangs up in the middle. */
  readonly cutResponse: string;
  /** Starts; `done` is called once, with the Application-Response. */
  begin(done: (response: string) => void): void;
  /** A key was pressed. Absent: the key waits for the next application. */
  key?(digit: string): void;
  /** The caller stays silent until the question gives up. */
  quiet?(): void;
  abort(): void;
}

/** undefined for an application that the switch does not know: it then hangs up. */
export function startApplication(
  name: string,
  argument: string,
  host: ApplicationHost,
): Application | undefined {
  switch (name) {
    case 'answer':
      return atOnce(() => host.answer());
    case 'set': {
      const equals = argument.indexOf('=');
      return atOnce(() => host.variables.set(argument.slice(0, equals), argument.slice(equals + 1)));
    }
    case 'unset':
      return atOnce(() => host.variables.delete(argument));
    case 'flush_dtmf':
      return atOnce(() => host.keys.splice(0));
    case 'hangup':
      return atOnce(() => host.hangup(argument === '' ? 'NORMAL_CLEARING' : argument));
    case 'transfer':
      return atOnce(() => host.transferTo(argument.split(' ')[0]!));
    case 'say':
    case 'park':
      return atOnce(() => undefined);
    case 'playback':
      return playback(argument, host);
    case 'play_and_get_digits':
      return playAndGetDigits(argument, host);
    default:
      return undefined;
  }
}

function atOnce(work: () => unknown): Application {
  return {
    cutResponse: '_none_',
    begin(done) {
      work();
      done('_none_');
    },
    abort: () => undefined,
  };
}

/** Plays something; `ended` is not called after `stop`. */
function play(
  playable: string,
  kind: 'ask' | 'play',
  host: ApplicationHost,
  ended: () => void,
): { stop(): boolean } {
  let playing = true;
  const text = host.promptStarts(kind, playable);
  const lasts = text.split(' ').filter(Boolean).length * host.msPerWord;
  const finish = (): void => {
    if (!playing) return;
    playing = false;
    host.promptEnds(playable, true);
    ended();
  };
  const timer = setTimeout(finish, lasts);
  return {
    stop() {
      const wasPlaying = playing;
      playing = false;
      clearTimeout(timer);
      if (wasPlaying) host.promptEnds(playable, false);
      return wasPlaying;
    },
  };
}

/** A key listed in `playback_terminators` (by default `*`) cuts the file; other keys are swallowed. */
function playback(file: string, host: ApplicationHost): Application {
  let playing: { stop(): boolean } | undefined;
  let finish: (response: string) => void = () => undefined;
  const missing = file.includes('nonexistent');
  const key = (digit: string): void => {
    const terminators = host.variables.get('playback_terminators') ?? '*';
    if (terminators !== 'none' && terminators.includes(digit) && playing?.stop() === true)
      finish('FILE PLAYED');
  };
  return {
    cutResponse: 'PLAYBACK ERROR',
    begin(done) {
      finish = done;
      if (missing) return done('FILE NOT FOUND');
      playing = play(file, 'play', host, () => done('FILE PLAYED'));
      for (const digit of host.keys.splice(0)) key(digit);
    },
    key,
    abort: () => playing?.stop(),
  };
}

interface Wanted {
  readonly min: number;
  readonly max: number;
  readonly firstMs: number;
  readonly terminators: string;
  readonly prompt: string;
  readonly invalid: string;
  readonly variable: string;
  readonly pattern: RegExp;
  readonly interMs: number;
}

function parseWanted(argument: string): Wanted {
  const [min, max, , firstMs, terminators, prompt, invalid, variable, pattern, interMs] = argument.split(' ');
  return {
    min: Number(min),
    max: Number(max),
    firstMs: Math.max(1000, Number(firstMs)),
    terminators: terminators ?? '#',
    prompt: prompt ?? '',
    invalid: invalid ?? '',
    variable: variable ?? 'digits',
    pattern: new RegExp(pattern ?? '.*'),
    interMs: Number(interMs ?? firstMs),
  };
}

/** One try of play_and_get_digits; the variables it leaves are those measured on FreeSWITCH 1.10.12. */
function playAndGetDigits(argument: string, host: ApplicationHost): Application {
  const wanted = parseWanted(argument);
  let digits = '';
  let playing: { stop(): boolean } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let quiet = false;
  let over = false;
  let finish: (response: string) => void = () => undefined;

  const conclude = (terminator?: string): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    playing?.stop();
    for (const name of ['read_result', wanted.variable, `${wanted.variable}_invalid`])
      host.variables.delete(name);
    if (terminator !== undefined) host.variables.set('read_terminator_used', terminator);
    const enough = digits.length >= wanted.min;
    host.variables.set('read_result', enough ? 'success' : 'failure');
    if (enough && !wanted.pattern.test(digits)) host.variables.set(`${wanted.variable}_invalid`, digits);
    else if (digits !== '') host.variables.set(wanted.variable, digits);
    const valid = enough && wanted.pattern.test(digits);
    if (valid) return finish('_none_');
    playing = play(wanted.invalid, 'play', host, () => finish('_none_'));
  };
  const wait = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => conclude(), quiet ? 0 : ms);
  };
  const key = (digit: string): void => {
    if (over) return;
    playing?.stop();
    if (wanted.terminators.includes(digit)) return conclude(digit);
    digits += digit;
    if (digits.length >= wanted.max) return conclude();
    wait(wanted.interMs);
  };
  return {
    cutResponse: '_none_',
    begin(done) {
      finish = done;
      playing = play(wanted.prompt, 'ask', host, () => wait(wanted.firstMs));
      for (const digit of host.keys.splice(0)) key(digit);
    },
    key,
    quiet() {
      quiet = true;
      if (timer !== undefined) wait(0);
    },
    abort() {
      over = true;
      clearTimeout(timer);
      playing?.stop();
    },
  };
}
