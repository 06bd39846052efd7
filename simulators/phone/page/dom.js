/** The element with an id; the page and this program are written together, so it exists. */
export const byId = (id) => document.getElementById(id);

/**
 * Makes an element: `make('button', { class: 'chip', onclick: run }, 'HELP')`. Text is never read as markup.
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** Shows a line at the bottom for a few seconds. */
export function toast(text) {
  const line = byId('toast');
  line.textContent = text;
  line.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => (line.hidden = true), 6000);
}

const KEYS = [
  ['1', ''],
  ['2', 'ABC'],
  ['3', 'DEF'],
  ['4', 'GHI'],
  ['5', 'JKL'],
  ['6', 'MNO'],
  ['7', 'PQRS'],
  ['8', 'TUV'],
  ['9', 'WXYZ'],
  ['*', ''],
  ['0', '+'],
  ['#', ''],
];
const SPOKEN = { '*': 'star', '#': 'hash' };

/** Fills a keypad; `press` gets the key. */
export function fillKeypad(box, press) {
  for (const [key, letters] of KEYS) {
    const label = SPOKEN[key] ?? key;
    box.append(
      make(
        'button',
        { type: 'button', 'aria-label': label, 'data-key': key, onclick: () => press(key) },
        key,
        make('small', {}, letters),
      ),
    );
  }
}
