import { element } from '../shared/element.js';

/** What the latest experiment showed, and what to do next. */
export class Verdict {
  #lesson;
  #next;
  #act;
  #shown = '';
  #shownNext;

  constructor(lesson, next, act) {
    this.#lesson = lesson;
    this.#next = next;
    this.#act = act;
  }

  show({ experiment }, suggestion) {
    const shown = JSON.stringify(experiment?.lesson ?? null) + String(experiment?.isOver);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#lesson.replaceChildren(...(experiment === null ? nothingYet() : lessonOf(experiment)));
    }
    const key = suggestion.action ?? suggestion;
    if (key === this.#shownNext) return;
    this.#shownNext = key;
    this.#next.replaceChildren(...this.#nextOf(suggestion, experiment === null));
  }

  #nextOf(suggestion, isFirst) {
    if (suggestion === 'watch') {
      return [
        element('p', 'soft', 'Watch the shop below for some seconds. The figures grow as shoppers come.'),
      ];
    }
    if (suggestion === 'done') {
      const line = element('p', '', 'That was all of it. Combine the failures, or ');
      line.append(link('chat', 'ask a language model the same question twice'), ' in the chat.');
      return [line];
    }
    const button = element('button', 'primary', suggestion.title);
    button.type = 'button';
    button.addEventListener('click', () => this.#act(suggestion.action));
    return [element('span', 'soft', isFirst ? 'Try this first:' : 'Next:'), button];
  }
}

function nothingYet() {
  return [
    element(
      'p',
      'title',
      'Nothing yet. Both ways look alike while all goes well: the difference shows when something breaks.',
    ),
  ];
}

function lessonOf({ lesson, isOver }) {
  const title = element('p', 'title', lesson.title);
  if (!isOver) title.append(element('span', 'running', 'running'));
  const both = element('div', 'both');
  both.append(sideOf('Map', 'map', lesson.map), sideOf('nestjs-cache-infra', 'cache', lesson.cache));
  const why = element('p', 'why');
  why.append(element('b', '', 'Why it matters. '), lesson.why);
  return [title, both, why];
}

function sideOf(name, way, { figure, unit, text, isBad }) {
  const side = element('div', `side ${isBad ? 'bad' : 'good'}`);
  side.dataset.way = way;
  const sum = element('p', 'sum');
  sum.append(element('span', 'figure', figure), ' ', element('span', 'unit', unit));
  side.append(element('h3', '', name), sum, element('p', '', text));
  return side;
}

function link(href, text) {
  const made = element('a', '', text);
  made.href = href;
  return made;
}
