import type { DashboardPreview, DashboardTarget } from '../../../state.js';
import { question, textOfTarget } from '../model/targets.js';
import { h, newId, setText, show } from './dom.js';

/** A dialog that shows what an invalidation would remove, and asks. */
export function confirmation() {
  const id = newId();
  const title = h('h2', { id, class: 'dialog-title' });
  const subject = h('p', { class: 'dialog-subject mono', dir: 'auto' });
  const note = h('p', { class: 'hint' });
  const examples = h('ul', { class: 'examples mono' });
  const confirm = h('button', {
    class: 'button button-danger',
    type: 'submit',
    value: 'yes',
    text: 'Invalidate',
  });
  const cancel = h('button', {
    class: 'button button-quiet',
    type: 'submit',
    value: 'no',
    text: 'Cancel',
    autofocus: true,
  });
  const element = h(
    'dialog',
    { class: 'dialog', 'aria-labelledby': id },
    h(
      'form',
      { method: 'dialog' },
      title,
      subject,
      note,
      examples,
      h('div', { class: 'dialog-end' }, cancel, confirm),
    ),
  );
  return {
    element,
    /** Resolves to whether the reader confirms. */
    ask(target: DashboardTarget, found: DashboardPreview): Promise<boolean> {
      setText(title, question(target, found));
      setText(subject, `${target.cache}: ${textOfTarget(target)}`);
      setText(note, noteOf(target, found));
      show(examples, found.examples.length > 0);
      examples.replaceChildren(...found.examples.map((key) => h('li', { dir: 'auto', text: key })));
      element.returnValue = 'no';
      element.showModal();
      return new Promise((resolve) => {
        element.addEventListener('close', () => resolve(element.returnValue === 'yes'), { once: true });
      });
    },
  };
}

function noteOf({ kind }: DashboardTarget, { count, examples }: DashboardPreview): string {
  if (kind === 'tag') return 'How many there are is not known: they are found when they are read.';
  if (count !== null && examples.length > 0 && count > examples.length) return 'Among them:';
  return 'The next read of each loads its value again.';
}
