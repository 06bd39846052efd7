import { toast } from './dom.js';

async function answerOf(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? `The phone answered ${response.status}`);
  return body;
}

/** Reads from the phone's server. */
export const get = async (path) => answerOf(await fetch(`/phone/api/${path}`));

/** Does something; a failure is shown to the person and gives undefined. */
export async function post(path, body) {
  try {
    const response = await fetch(`/phone/api/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return await answerOf(response);
  } catch (error) {
    toast(error.message);
    return undefined;
  }
}

/** News of one subscriber's handset: `listen(msisdn, { message: show })`; call what it returns to stop. */
export function listen(msisdn, handlers) {
  const stream = new EventSource(`/phone/api/events?msisdn=${msisdn}`);
  for (const [kind, handle] of Object.entries(handlers)) {
    stream.addEventListener(kind, (event) => handle(JSON.parse(event.data)));
  }
  return () => stream.close();
}
