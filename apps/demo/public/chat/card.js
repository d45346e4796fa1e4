/* global AbortController */
import { ask } from './ask.js';
import { element } from '../shared/element.js';
import { Lane } from './lane.js';
import { partName, reason } from './words.js';

/** A question that was asked by one or several tabs, and what became of it. */
export class Card {
  root = element('article', 'card');
  asked;
  lanes;
  #leaving = new AbortController();
  #facts = {};
  #verdict = element('p', 'verdict');

  constructor(asked, tabs) {
    this.asked = asked;
    this.lanes = Array.from(
      { length: tabs },
      (_, index) => new Lane(tabs === 1 ? undefined : `Tab ${index + 1}`),
    );
    const head = element('div', 'title');
    const stop = element('button', 'stop', 'Stop');
    stop.type = 'button';
    stop.addEventListener('click', () => this.#leaving.abort());
    head.append(element('h3', '', asked.question), stop);
    const lanes = element('div', tabs === 1 ? 'lanes' : 'lanes many');
    lanes.append(...this.lanes.map(({ root }) => root));
    this.root.append(head, this.#verdict, lanes);
  }

  get isEnded() {
    return this.lanes.every(({ isEnded }) => isEnded);
  }

  /** Asks, and follows the answers to their end. */
  async run() {
    await Promise.all(this.lanes.map((lane) => this.#follow(lane)));
    this.root.classList.add('ended');
    const produced = this.lanes.filter(({ outcome }) => outcome === 'miss').length;
    if (this.lanes.length > 1 && produced > 0) {
      const times = produced === 1 ? 'once' : `${produced} times`;
      this.#verdict.textContent = `${this.lanes.length} tabs asked at once, the model answered ${times}.`;
    }
  }

  /** Shows what the key is made of, and what differs from the request before. */
  explain({ key, parts, ttl, differs }) {
    const details = element('details');
    const summary = element('summary');
    const why = reason({ ...this.#facts, ...this.asked, tabs: this.lanes.length }, differs);
    summary.append(element('b', '', why === '' ? 'The key' : 'Why?'), ` ${why}`);
    details.append(summary);
    const table = element('table');
    const head = element('tr');
    head.append(...['Part of the key', 'Characters', 'Value or SHA-256'].map((text) => cell('th', text)));
    table.append(head, ...parts.map((part) => rowOf(part, differs?.includes(part.name) === true)));
    const line = element('p', 'key', 'Key ');
    line.append(element('code', '', key), ` · lives ${ttl.seconds / 60} min`);
    details.append(table, line);
    this.root.append(details);
  }

  /** What a screen reader says at the end. */
  get news() {
    const [lane] = this.lanes;
    return this.#verdict.textContent || `${lane.summary} ${lane.text}`;
  }

  async #follow(lane) {
    try {
      for await (const event of ask(this.asked, this.#leaving.signal)) {
        lane.take(event);
        if (event.type === 'status')
          this.#facts = { ageSeconds: event.data.ageSeconds, outcome: lane.outcome };
      }
      if (!lane.isEnded) lane.fail('The answer was cut off.');
    } catch (error) {
      if (this.#leaving.signal.aborted) lane.stop();
      else lane.fail(error.message);
    }
  }
}

function rowOf({ name, length, text, digest }, differs) {
  const row = element('tr', differs ? 'differs' : '');
  const title = cell('td', partName(name));
  if (differs) title.append(element('span', 'mark', 'differs from the question before'));
  row.append(title, cell('td', String(length)), cell('td', text ?? `${digest.slice(0, 16)}…`));
  return row;
}

function cell(name, text) {
  const made = element(name, '', text);
  if (name === 'th') made.scope = 'col';
  return made;
}
