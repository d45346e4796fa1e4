import { element } from '../shared/element.js';
import { steps } from './words.js';

/** Reads of an experiment until its end is suggested: about four seconds of two instances. */
const enoughReads = 32;

/** The cards of the experiments, in the suggested order, and what to do next. */
export class Guide {
  root;
  #seen = new Set();
  #cards;

  /** `act(action)` is called when a button is pressed. */
  constructor(root, act) {
    this.root = root;
    this.#cards = steps.map((step) => new Card(step, act));
    root.replaceChildren(...this.#cards.map((card) => card.root));
  }

  show(state) {
    if (state.experiment !== null) this.#seen.add(state.experiment.experiment);
    const suggestion = this.suggestion(state);
    for (const card of this.#cards) card.show(state, suggestion, this.#seen);
  }

  forget() {
    this.#seen.clear();
  }

  /** `{ action, title }` to press next; `'watch'` while an experiment runs; `'done'` after the last. */
  suggestion(state) {
    const broken = steps.find(({ isOn }) => isOn?.(state));
    const { experiment } = state;
    if (broken !== undefined) {
      const isRunning = experiment?.experiment === broken.action && !experiment.isOver;
      return isRunning && experiment.cache.reads < enoughReads ? 'watch' : broken.undo;
    }
    if (experiment !== null && !experiment.isOver) return 'watch';
    const next = steps.find(
      ({ action, needsRedis }) => !this.#seen.has(action) && !(needsRedis && state.redis === 'none'),
    );
    return next ?? 'done';
  }
}

class Card {
  root = element('li', 'step');
  #step;
  #button = element('button');
  #tag = element('span', 'tag');
  #action;

  constructor(step, act) {
    this.#step = step;
    this.#button.type = 'button';
    this.#button.addEventListener('click', () => act(this.#action));
    this.root.append(this.#button, element('p', '', step.text), this.#tag);
  }

  show(state, suggestion, seen) {
    const { action, title, undo, isOn, needsRedis } = this.#step;
    const shown = isOn?.(state) ? undo : { action, title };
    this.#action = shown.action;
    setText(this.#button, shown.title);
    this.#button.disabled = needsRedis === true && state.redis === 'none';
    const isSuggested = suggestion.action === shown.action && (shown === undo || suggestion === this.#step);
    this.root.classList.toggle('suggested', isSuggested);
    this.root.classList.toggle('on', shown === undo);
    this.root.classList.toggle('seen', seen.has(action));
    setText(this.#tag, this.#tagOf(isSuggested, shown === undo, seen));
  }

  #tagOf(isSuggested, isOn, seen) {
    if (this.#button.disabled) return 'Needs Redis';
    if (isSuggested) return isOn ? 'Repair it now' : seen.size === 0 ? 'Try this first' : 'Try this next';
    if (isOn) return 'Broken now';
    return seen.has(this.#step.action) ? 'Tried' : '';
  }
}

/** Leaves an equal text alone, so that a selection stays. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
