import { stepOf } from '../model/guide.js';
import { h, newId, setText, show } from './dom.js';
import type { Page, View } from './page.js';

/** What to do while there is nothing to see. */
export function guide(): View {
  const id = newId();
  const title = h('h2', { id, class: 'question' });
  const text = h('p', { class: 'guide-text' });
  const code = h('pre', { class: 'value mono', tabindex: 0, role: 'region', 'aria-label': 'Example' });
  const element = h(
    'section',
    { class: 'guide card', 'aria-labelledby': id, hidden: true },
    title,
    text,
    code,
  );
  return {
    element,
    update(page: Page) {
      const step = stepOf(page.state, page.place.window);
      show(element, step !== undefined);
      if (step === undefined) return;
      setText(title, step.title);
      setText(text, step.text);
      setText(code, step.code);
    },
  };
}
