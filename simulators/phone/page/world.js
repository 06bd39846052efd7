import { get, post } from './api.js';
import { byId, make } from './dom.js';

const LINES_KEPT = 200;

/** Time, money, faults and the log: the world around the phone. */
export function worldPanel(phone) {
  byId('later').addEventListener('click', () => void later());
  byId('top-up').addEventListener('click', () => void topUp());
  const tell = (text) => (byId('world-told').textContent = text);
  const later = async () => {
    tell('Moving the clock…');
    const moved = await post('clock', { days: 90 });
    tell(moved === undefined ? '' : `The gateway now lives on ${day(moved.now)}.`);
    if (moved !== undefined) phone.did('clock 90');
  };
  const topUp = async () => {
    const paid = await post('top-up', { from: phone.subscriber.msisdn, amount: 50_000 });
    tell(paid?.told ?? '');
    if (paid !== undefined) phone.did('top-up');
  };
  byId('faults').addEventListener('change', (event) => phone.did(`fault ${event.target.id}`));
  void get('faults').then(({ faults }) => showFaults(faults));
  return {
    news: {
      faults: showFaults,
      clock: (now) => phone.setTime(new Date(now)),
      log: ({ at, wire, text }) => {
        const time = new Date(at).toLocaleTimeString('en-GB', {
          hour: '2-digit',
          minute: '2-digit',
          second: '2-digit',
        });
        const lines = byId('wire');
        lines.prepend(
          make(
            'li',
            {},
            make('time', {}, time),
            make('b', { class: `wire-${wire.toLowerCase()}` }, wire),
            make('span', {}, text),
          ),
        );
        while (lines.childElementCount > LINES_KEPT) lines.lastElementChild.remove();
      },
    },
  };
}

function day(text) {
  return new Date(text).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
}

function showFaults(faults) {
  const box = byId('faults');
  const opened = new Set([...box.querySelectorAll('details[open]')].map((one) => one.dataset.group));
  const focused = document.activeElement?.id;
  const groups = Map.groupBy(faults, (fault) => fault.group);
  box.replaceChildren(
    ...[...groups].map(([group, members]) => {
      const on = members.filter(({ value }) => value !== false && value !== 0).length;
      return make(
        'details',
        { 'data-group': group, open: opened.has(group) },
        make(
          'summary',
          {},
          make('span', {}, group),
          on > 0 ? make('i', { class: 'on' }, `${on} on`) : undefined,
        ),
        ...members.map(faultRow),
      );
    }),
  );
  if (focused?.startsWith('fault-')) byId(focused)?.focus();
}

function faultRow(fault) {
  const id = `fault-${fault.name}`;
  const set = (value) => void post('faults', { name: fault.name, value });
  const words = make(
    'span',
    { class: 'fault-words' },
    make('b', {}, fault.title),
    make('small', { id: `${id}-hint` }, fault.hint),
  );
  if (fault.kind === 'button') {
    return make(
      'div',
      { class: 'fault' },
      words,
      make(
        'button',
        { type: 'button', id, 'aria-describedby': `${id}-hint`, onclick: () => set(true) },
        'Do it',
      ),
    );
  }
  const input =
    fault.kind === 'switch'
      ? make('input', {
          type: 'checkbox',
          role: 'switch',
          id,
          checked: fault.value === true,
          'aria-describedby': `${id}-hint`,
          onchange: (event) => set(event.target.checked),
        })
      : make('input', {
          type: 'number',
          min: 0,
          id,
          value: fault.value,
          'aria-describedby': `${id}-hint`,
          onchange: (event) => set(Number(event.target.value)),
        });
  return make('label', { class: 'fault', for: id }, words, input);
}
