import { post } from './api.js';
import { callScreen } from './call.js';
import { byId, fillKeypad, make } from './dom.js';

const ENDS = {
  'aborted by network': 'The network ended the session.',
  'no answer': 'Connection problem or invalid code.',
  refused: 'The service is not available. Please try later.',
  replaced: 'Replaced by a new session.',
};

/** The dialler: digits become a call, a code with a hash becomes a USSD dialogue. */
export function dialApp(phone) {
  const field = byId('number');
  const ussd = ussdScreen(phone);
  const call = callScreen(phone);
  const dial = () => {
    const number = field.value.trim();
    if (number === '') return field.focus();
    if (/[*#]/.test(number)) return ussd.dial(number);
    return call.start(number);
  };
  fillKeypad(byId('keypad'), (key) => (field.value += key));
  byId('dial-go').addEventListener('click', () => void dial());
  byId('dial-back').addEventListener('click', () => (field.value = field.value.slice(0, -1)));
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') void dial();
  });
  const { ussdCode, ivrNumber } = phone.guide;
  byId('dial-chips').replaceChildren(
    ...[
      [ussdCode, 'Bonus menu'],
      [ivrNumber, 'Bonus line'],
    ].map(([number, name]) =>
      make(
        'button',
        { type: 'button', class: 'chip', onclick: () => (field.value = number) },
        make('b', {}, number),
        ` ${name}`,
      ),
    ),
  );
  return {
    prepare: (text) => {
      field.value = text;
      byId('dial-go').focus();
    },
    open: () => {
      field.value = '';
      ussd.close();
      call.close();
    },
    news: { call: call.news },
  };
}

function ussdScreen(phone) {
  const box = byId('ussd');
  const field = byId('ussd-answer');
  let over = true;

  const busy = (on) => {
    box.classList.toggle('busy', on);
    byId('ussd-send').disabled = on;
  };
  const show = (view) => {
    busy(false);
    if (view === undefined) return close();
    over = view.end !== undefined;
    byId('ussd-screen').textContent = view.screen ?? ENDS[view.end] ?? '';
    byId('ussd-answer-row').hidden = over;
    byId('ussd-send').textContent = over ? 'OK' : 'Send';
    byId('ussd-cancel').hidden = over;
    if (view.end === 'aborted by subscriber') return close();
    field.value = '';
    (over ? byId('ussd-send') : field).focus();
  };
  const close = () => {
    box.hidden = true;
    over = true;
    byId('number').focus({ preventScroll: true });
  };
  const wait = (text) => {
    busy(true);
    byId('ussd-screen').textContent = text;
    byId('ussd-answer-row').hidden = true;
  };
  const answer = async () => {
    const text = field.value;
    wait('Sending…');
    const view = await post('ussd/answer', { from: phone.subscriber.msisdn, text });
    phone.did(`ussd answer ${text}`);
    show(view);
  };
  byId('ussd-form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (over) close();
    else void answer();
  });
  const cancel = async () => {
    if (over) return close();
    show(await post('ussd/abort', { from: phone.subscriber.msisdn }));
  };
  byId('ussd-cancel').addEventListener('click', () => void cancel());
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') void cancel();
  });
  return {
    close,
    dial: async (code) => {
      byId('ussd-code').textContent = code;
      box.hidden = false;
      byId('ussd-cancel').hidden = false;
      byId('ussd-cancel').focus();
      wait('Running USSD code…');
      phone.did(`ussd ${code}`);
      show(await post('ussd', { from: phone.subscriber.msisdn, code }));
    },
  };
}
