import { byId, make } from './dom.js';

/** The guided tour: each step can be shown in the phone, and is ticked when the person did it. */
export function storyPanel(phone) {
  const steps = phone.guide.story;
  let done = recall();

  const render = () => {
    const next = steps.findIndex((_step, at) => !done.has(at));
    byId('story').replaceChildren(...steps.map((step, at) => stepOf(step, at, at === next)));
  };
  const stepOf = (step, at, current) => {
    const finished = done.has(at);
    const show = make(
      'button',
      { type: 'button', class: 'show', onclick: () => phone.show(step.app, step.prefill) },
      'Show me',
    );
    return make(
      'li',
      {
        class: `${finished ? 'done' : ''} ${current ? 'current' : ''}`,
        'aria-current': current ? 'step' : undefined,
      },
      make(
        'details',
        { open: current },
        make('summary', {}, step.title, finished ? make('span', { class: 'hidden' }, ' (done)') : undefined),
        make('p', {}, step.text),
        show,
      ),
    );
  };
  byId('story-again').addEventListener('click', () => {
    done = new Set();
    remember(done);
    render();
  });
  render();
  return {
    did: (what) => {
      const at = steps.findIndex((step, index) => !done.has(index) && new RegExp(step.done, 'iu').test(what));
      if (at < 0) return;
      done.add(at);
      remember(done);
      render();
    },
  };
}

function recall() {
  try {
    return new Set(JSON.parse(window.sessionStorage.getItem('story') ?? '[]'));
  } catch {
    return new Set();
  }
}

function remember(done) {
  try {
    window.sessionStorage.setItem('story', JSON.stringify([...done]));
  } catch {
    // A browser that keeps nothing only forgets the ticks.
  }
}
