import { get, post } from './api.js';
import { byId, make } from './dom.js';

const STATES = {
  sending: 'Sending…',
  delivered: 'Delivered',
  rejected: 'Not delivered',
  expired: 'Not delivered',
};

/** The messages app: one conversation with the short code. */
export function messagesApp(phone) {
  const thread = byId('thread');
  const field = byId('message-text');
  const bubbles = new Map();
  let messages = [];

  const send = async (text) => {
    if (text.trim() === '') return;
    field.value = '';
    await post('messages', { from: phone.subscriber.msisdn, text });
  };
  const show = (message, old = false) => {
    if (bubbles.has(message.serial)) return;
    messages.push(message);
    const time = new Date(message.at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
    const state = message.direction === 'out' ? STATES[message.state] : '';
    const parts = message.parts > 1 ? `, ${message.parts} parts` : '';
    const footer = make(
      'small',
      {},
      `${time}${parts}`,
      make('span', { class: `state ${message.state}` }, state && ` · ${state}`),
    );
    const who = make(
      'span',
      { class: 'hidden' },
      message.direction === 'out' ? 'You: ' : `${message.peer}: `,
    );
    const bubble = make(
      'div',
      { class: `bubble ${message.direction}` },
      make('p', {}, who, message.text),
      footer,
    );
    bubbles.set(message.serial, bubble);
    thread.append(bubble);
    thread.scrollTop = thread.scrollHeight;
    chips();
    if (old) return;
    if (message.direction === 'in') phone.notify('messages');
    else phone.did(`sms ${message.text}`);
  };
  /** The code that the last message asks for, when it asks for one. */
  const code = () => {
    const last = messages.at(-1);
    return last?.direction === 'in' ? /(?<![\d+])\d{4,6}(?!\d)/.exec(last.text)?.[0] : undefined;
  };
  const chips = () => {
    const words = phone.guide.quickReplies[phone.subscriber.language];
    const found = code();
    byId('chips').replaceChildren(
      ...(found === undefined ? [] : [chip(found, 'chip code')]),
      ...words.map((word) => chip(word, 'chip')),
    );
  };
  const chip = (text, style) =>
    make(
      'button',
      { type: 'button', class: style, onclick: () => (text.endsWith(' ') ? prepare(text) : send(text)) },
      text.trim(),
    );
  const prepare = (text) => {
    field.value = text === '{code}' ? (code() ?? '') : text;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  };

  byId('messages-peer').textContent = phone.guide.shortCode;
  byId('compose').addEventListener('submit', (event) => {
    event.preventDefault();
    void send(field.value);
  });
  return {
    prepare,
    open: async () => {
      messages = [];
      bubbles.clear();
      thread.replaceChildren(
        make(
          'p',
          { class: 'empty' },
          `Send a command to ${phone.guide.shortCode}. HELP tells which there are.`,
        ),
      );
      chips();
      const kept = await get(`messages?msisdn=${phone.subscriber.msisdn}`);
      for (const message of kept.messages) show(message, true);
    },
    news: {
      message: (message) => show(message),
      state: (message) => {
        const state = bubbles.get(message.serial)?.querySelector('.state');
        if (state === null || state === undefined) return;
        state.textContent = ` · ${STATES[message.state]}`;
        state.className = `state ${message.state}`;
      },
    },
  };
}
