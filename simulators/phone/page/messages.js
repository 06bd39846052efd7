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
    const bubble = bubbleOf(message);
    bubbles.set(message.serial, bubble);
    thread.append(bubble);
    thread.scrollTop = thread.scrollHeight;
    chips();
    if (old) return;
    if (message.direction === 'in') phone.notify('messages');
    else phone.did(`sms ${message.text}`);
  };
  const code = () => codeIn(messages.at(-1));
  const chips = () => {
    const words = phone.guide.quickReplies[phone.subscriber.language];
    const found = code();
    byId('chips').replaceChildren(
      ...(found === undefined ? [] : [chip(found, 'chip code', send)]),
      ...words.map((word) => chip(word, 'chip', word.endsWith(' ') ? prepare : send)),
    );
  };
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
      thread.replaceChildren(greeting(phone.guide.shortCode));
      chips();
      const { msisdn } = phone.subscriber;
      const kept = await get(`messages?msisdn=${msisdn}`);
      if (phone.subscriber.msisdn !== msisdn) return;
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

function bubbleOf({ direction, peer, text, at, parts, state }) {
  const time = new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const told = direction === 'out' ? ` · ${STATES[state]}` : '';
  const footer = make(
    'small',
    {},
    parts > 1 ? `${time}, ${parts} parts` : time,
    make('span', { class: `state ${state}` }, told),
  );
  const who = make('span', { class: 'hidden' }, direction === 'out' ? 'You: ' : `${peer}: `);
  return make('div', { class: `bubble ${direction}` }, make('p', {}, who, text), footer);
}

/** The code that a message asks for, when it asks for one. */
function codeIn(message) {
  return message?.direction === 'in' ? /(?<![\d+])\d{4,6}(?!\d)/.exec(message.text)?.[0] : undefined;
}

function chip(text, style, use) {
  return make('button', { type: 'button', class: style, onclick: () => void use(text) }, text.trim());
}

function greeting(shortCode) {
  return make('p', { class: 'empty' }, `Send a command to ${shortCode}. HELP tells which there are.`);
}
