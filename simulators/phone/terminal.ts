/**
 * The phone in a terminal: the same handset as the page, through its HTTP endpoints, for `bonusgate phone ...`.
 *
 * Each function prints what a person would read (or one JSON object with `json`) and resolves true when the network
 * answered as it should.
 */

/** Where to write, and how to ask a person; without `ask` nothing is interactive. */
export interface Terminal {
  write(line: string): void;
  /** Undefined at the end of the input. */
  ask?(prompt: string): Promise<string | undefined>;
}

export interface PhoneTarget {
  /** `http://127.0.0.1:8090/phone` */
  readonly url: string;
  readonly from: string;
  readonly json?: boolean;
}

interface Prompt {
  readonly text: string;
  readonly asks: boolean;
}

interface UssdView {
  readonly code: string;
  readonly screen?: string;
  readonly end?: string;
}

/** Sends a message and prints the reply. False when none came within `waitMs` (10 s). */
export async function phoneSms(
  {
    url,
    from,
    json,
    text,
    to,
    waitMs = 10_000,
  }: PhoneTarget & { text: string; to?: string; waitMs?: number },
  terminal: Terminal,
): Promise<boolean> {
  const body = { from, text, waitMs, ...(to === undefined ? {} : { to }) };
  const { status, reply } = await post<{ status?: { kind: string }; reply?: { text: string } }>(
    url,
    'messages',
    body,
  );
  if (json === true)
    terminal.write(JSON.stringify({ status: status?.kind ?? 'unknown', reply: reply?.text ?? null }));
  else terminal.write(reply?.text ?? `No reply within ${Math.round(waitMs / 1000)} seconds.`);
  return reply !== undefined;
}

/** Dials a code, gives the answers in turn (then asks the person, if it can), prints the screens. */
export async function phoneUssd(
  { url, from, json, code, answers = [] }: PhoneTarget & { code?: string; answers?: readonly string[] },
  terminal: Terminal,
): Promise<boolean> {
  const screens: string[] = [];
  const left = [...answers];
  let answered = false;
  let view = await post<UssdView>(url, 'ussd', { from, ...(code === undefined ? {} : { code }) });
  for (;;) {
    if (view.screen !== undefined) screens.push(view.screen);
    if (json !== true && view.screen !== undefined) terminal.write(view.screen);
    if (view.end !== undefined) break;
    const text = left.shift() ?? (await terminal.ask?.('> '));
    if (text === undefined) {
      view = await post<UssdView>(url, 'ussd/abort', { from });
      // A script that gave all its answers has seen what it wanted; the network did not fail.
      answered = terminal.ask === undefined;
      break;
    }
    if (json !== true && answers.length > 0) terminal.write(`> ${text}`);
    view = await post<UssdView>(url, 'ussd/answer', { from, text });
  }
  if (json === true) terminal.write(JSON.stringify({ screens, end: view.end }));
  else if (view.end !== 'final') terminal.write(`(${view.end ?? 'over'})`);
  return answered || view.end === 'final';
}

/** Calls the IVR; at each question presses the next of `keys` (then asks the person), and hangs up when none is left. */
export async function phoneCall(
  { url, from, json, to, keys = [] }: PhoneTarget & { to?: string; keys?: readonly string[] },
  terminal: Terminal,
): Promise<boolean> {
  const heard: Prompt[] = [];
  const left = [...keys];
  let cause: string | undefined;
  let hungUp = false;
  await post(url, 'call', { from, ...(to === undefined ? {} : { to }) });
  while (cause === undefined) {
    const news = await get<{ prompts: Prompt[]; cause?: string }>(
      url,
      `call?msisdn=${from}&after=${heard.length}`,
    );
    heard.push(...news.prompts);
    if (json !== true) for (const { text } of news.prompts) terminal.write(text);
    cause = news.cause;
    if (cause !== undefined || hungUp || news.prompts.at(-1)?.asks !== true) continue;
    const digits = left.shift() ?? (await terminal.ask?.('keys> '));
    hungUp = digits === undefined || digits === '';
    if (json !== true && keys.length > 0 && digits !== undefined) terminal.write(`> ${digits}`);
    await (hungUp ? post(url, 'call/hangup', { from }) : post(url, 'call/press', { from, digits })).catch(
      ignoreOver,
    );
  }
  const prompts = heard.map(({ text }) => text);
  terminal.write(json === true ? JSON.stringify({ prompts, cause }) : `(call ended: ${cause})`);
  return prompts.length > 0;
}

/** Opens an address as the subscriber's phone would and prints each hop and the last page. */
export async function phoneBrowse(
  { url, from, json, address }: PhoneTarget & { address: string },
  terminal: Terminal,
): Promise<boolean> {
  interface Hop {
    readonly method: string;
    readonly url: string;
    readonly verdict: string;
    readonly status: number;
  }
  const page = await post<{ hops: Hop[]; title: string; text: string }>(url, 'browse', {
    from,
    url: address,
  });
  if (json === true) terminal.write(JSON.stringify(page));
  else {
    for (const hop of page.hops)
      terminal.write(`${hop.method} ${hop.url}: ${hop.verdict}${hop.status > 0 ? `, ${hop.status}` : ''}`);
    if (page.text !== '') terminal.write(`\n${page.title}\n${page.text}`);
  }
  const last = page.hops.at(-1);
  return last !== undefined && last.status >= 200 && last.status < 400;
}

/** Buys something at the bookshop (`amount` in minor units), or pays there with points. */
export async function phoneTill(
  { url, from, json, what, amount }: PhoneTarget & { what: 'buy' | 'pay'; amount: number },
  terminal: Terminal,
): Promise<boolean> {
  const answer = await post<{ told: string; done: boolean }>(url, 'till', { from, what, amount });
  terminal.write(json === true ? JSON.stringify(answer) : answer.told);
  return answer.done;
}

/** A call may end between a prompt and the key that answers it; the next look tells how. */
function ignoreOver(error: unknown): void {
  if (!(error instanceof Error && error.message === 'there is no call')) throw error;
}

async function get<T>(url: string, path: string): Promise<T> {
  return answerOf(url, () => fetch(`${url}/api/${path}`));
}

async function post<T>(url: string, path: string, body: object): Promise<T> {
  return answerOf(url, () =>
    fetch(`${url}/api/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );
}

async function answerOf<T>(url: string, ask: () => Promise<Response>): Promise<T> {
  const response = await ask().catch(() => {
    throw new Error(`no phone at ${url}: start the demo first with "npm start"`);
  });
  const body: unknown = await response.json();
  if (!response.ok)
    throw new Error((body as { error?: string }).error ?? `the phone answered ${response.status}`);
  return body as T;
}
