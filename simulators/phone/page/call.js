import { post } from './api.js';
import { byId, fillKeypad, make } from './dom.js';

/** The call screen: prompts as captions, keys, and the red button. */
export function callScreen(phone) {
  const box = byId('call');
  const captions = byId('captions');
  let talking = false;
  let shown = 0;

  const state = (text) => (byId('call-state').textContent = text);
  const caption = (text, side) => {
    captions.append(make('p', { class: side }, text));
    captions.scrollTop = captions.scrollHeight;
  };
  const hear = ({ text, asks }) => {
    caption(text, asks ? 'heard asks' : 'heard');
    state(asks ? 'Press keys to answer' : 'Listening');
  };
  const over = (cause) => {
    talking = false;
    box.classList.add('over');
    state(cause === 'NORMAL_CLEARING' || cause === undefined ? 'Call ended' : `Call ended (${cause})`);
    clearTimeout(over.timer);
    over.timer = setTimeout(close, 2500);
  };
  const close = () => {
    clearTimeout(over.timer);
    box.hidden = true;
    talking = false;
  };
  const press = async (key) => {
    if (!talking) return;
    const last = captions.lastElementChild;
    if (last?.classList.contains('pressed')) last.textContent += key;
    else caption(key, 'pressed');
    captions.scrollTop = captions.scrollHeight;
    phone.did(`call key ${key}`);
    await post('call/press', { from: phone.subscriber.msisdn, digits: key });
  };
  const end = async () => {
    if (!talking) return close();
    await post('call/hangup', { from: phone.subscriber.msisdn });
  };
  wireKeys(box, press, end);
  return {
    close,
    start: async (number) => {
      byId('call-to').textContent = number === phone.guide.ivrNumber ? `Bonus line ${number}` : number;
      captions.replaceChildren();
      box.classList.remove('over');
      box.hidden = false;
      clearTimeout(over.timer);
      shown = 0;
      talking = true;
      state('Calling…');
      byId('call-keypad').querySelector('button').focus();
      phone.did(`call ${number}`);
      const begun = await post('call', { from: phone.subscriber.msisdn, to: number });
      if (begun === undefined) return close();
      for (const prompt of begun.prompts.slice(shown)) hear(prompt);
      shown = Math.max(shown, begun.prompts.length);
      if (begun.cause !== undefined && talking) over(begun.cause);
    },
    news: ({ heard, prompt, cause }) => {
      if (box.hidden) return;
      if (heard > shown) {
        shown = heard;
        hear(prompt);
      }
      if (cause !== undefined && talking) over(cause);
    },
  };
}

function wireKeys(box, press, end) {
  fillKeypad(byId('call-keypad'), (key) => void press(key));
  byId('call-end').addEventListener('click', () => void end());
  box.addEventListener('keydown', (event) => {
    if (/^[\d*#]$/.test(event.key)) void press(event.key);
    if (event.key === 'Escape') void end();
  });
}
