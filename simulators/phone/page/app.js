import { get, listen } from './api.js';
import { dialApp } from './dial.js';
import { byId, make, toast } from './dom.js';
import { messagesApp } from './messages.js';
import { storyPanel } from './story.js';
import { webApp } from './web.js';
import { worldPanel } from './world.js';

const TABS = ['messages', 'dial', 'web'];

/** What the apps share: who the phone belongs to, and how to show one app to the person. */
const phone = {
  guide: undefined,
  subscriber: undefined,
  tab: 'messages',
  apps: {},
  offsetMs: 0,
  did: (what) => phone.story.did(what),
  show: (app, prefill) => {
    if (app === 'network') return point(byId(prefill));
    const friend = phone.guide.subscribers.find((one) => one !== phone.subscriber);
    select(app);
    phone.apps[app].prepare(prefill.replace('{friend}', friend?.msisdn ?? ''));
    byId('handset').scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  },
  notify: (app) => {
    if (app === 'messages' && phone.tab !== 'messages') byId('unread').hidden = false;
  },
  setTime: (now) => {
    phone.offsetMs = now.getTime() - Date.now();
    showTime();
  },
};

function select(tab) {
  phone.tab = tab;
  for (const name of TABS) {
    const chosen = name === tab;
    const button = byId(`tab-${name}`);
    byId(`app-${name}`).hidden = !chosen;
    button.setAttribute('aria-selected', String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  }
  if (tab === 'messages') {
    byId('unread').hidden = true;
    byId('thread').scrollTop = byId('thread').scrollHeight;
  }
}

/** Leads the eye to something beside the phone. */
function point(element) {
  element.closest('details')?.setAttribute('open', '');
  element.scrollIntoView({ block: 'center', behavior: 'smooth' });
  element.focus({ preventScroll: true });
}

function startTabs() {
  for (const [at, name] of TABS.entries()) {
    const button = byId(`tab-${name}`);
    button.addEventListener('click', () => select(name));
    button.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      const next = TABS[(at + step + TABS.length) % TABS.length];
      select(next);
      byId(`tab-${next}`).focus();
    });
  }
}

function showTime() {
  const now = new Date(Date.now() + phone.offsetMs);
  const time = now.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const moved = Math.abs(phone.offsetMs) > 3_600_000;
  byId('status-time').textContent = moved
    ? `${now.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })}`
    : time;
}

let stop = () => undefined;

async function take(subscriber) {
  stop();
  phone.subscriber = subscriber;
  byId('status-name').textContent = subscriber.name.split(' ')[0];
  try {
    window.sessionStorage.setItem('subscriber', subscriber.msisdn);
  } catch {
    // Only forgotten at the next visit.
  }
  for (const app of Object.values(phone.apps)) void app.open?.();
  const apps = [...Object.values(phone.apps), phone.world];
  stop = listen(subscriber.msisdn, Object.assign({}, ...apps.map((app) => app.news)));
}

function subscriberCard(subscriber, chosen) {
  const { name, msisdn, pin, language, note } = subscriber;
  return make(
    'label',
    { class: 'person' },
    make('input', {
      type: 'radio',
      name: 'subscriber',
      value: msisdn,
      checked: chosen,
      onchange: () => void take(subscriber),
    }),
    make('span', { class: 'face', 'aria-hidden': 'true' }, name[0]),
    make(
      'span',
      { class: 'person-words' },
      make('b', {}, name),
      make('small', {}, note),
      make(
        'span',
        { class: 'facts' },
        make('span', {}, `+${msisdn}`),
        make('span', {}, 'PIN ', make('code', {}, pin)),
        make('span', {}, language === 'ru' ? 'Русский' : 'English'),
      ),
    ),
  );
}

async function start() {
  phone.guide = await get('guide');
  const { subscribers, links } = phone.guide;
  let last;
  try {
    last = window.sessionStorage.getItem('subscriber');
  } catch {
    last = null;
  }
  const first = subscribers.find(({ msisdn }) => msisdn === last) ?? subscribers[0];
  phone.subscriber = first;
  byId('subscribers').replaceChildren(...subscribers.map((one) => subscriberCard(one, one === first)));
  byId('links').replaceChildren(
    ...links.map(({ title, url }) => make('a', { href: url, target: '_blank', rel: 'noopener' }, title)),
  );
  phone.story = storyPanel(phone);
  phone.apps = { messages: messagesApp(phone), dial: dialApp(phone), web: webApp(phone) };
  phone.world = worldPanel(phone);
  startTabs();
  select('messages');
  await take(first);
  phone.setTime(new Date((await get('clock')).now));
  window.setInterval(showTime, 10_000);
  document.body.classList.add('ready');
}

start().catch((error) => toast(`The demo does not answer: ${error.message}`));
