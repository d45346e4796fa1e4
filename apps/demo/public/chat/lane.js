/* global performance */
import { element } from '../shared/element.js';
import { money, outcomeOf, plural, time, wordsOf } from './words.js';

/** One request and its answer as it arrives: badge, text, times, and what it cost or saved. */
export class Lane {
  outcome = 'waiting';
  totalMs = 0;
  text = '';
  #startedAt = performance.now();
  #firstMs = undefined;
  #badge = element('span', 'badge');
  #means = element('span', 'soft means');
  #answer = element('p', 'answer');
  #wait = element('i', 'wait');
  #flow = element('i', 'flow');
  #times = element('span');
  #sum = element('span', 'sum');

  /** `title`: the name of the tab, if there are several. */
  constructor(title) {
    const head = element('div', 'head');
    if (title !== undefined) head.append(element('b', '', title));
    head.append(this.#badge, this.#means);
    const bar = element('div', 'bar');
    bar.setAttribute('aria-hidden', 'true');
    bar.append(this.#wait, this.#flow);
    const foot = element('div', 'foot');
    foot.append(this.#times, this.#sum);
    this.root = element('div', 'lane');
    this.root.append(head, this.#answer, bar, foot);
    this.#become('waiting');
  }

  get isEnded() {
    return this.root.classList.contains('ended');
  }

  /** Takes an event of the answer. */
  take({ type, data }) {
    if (type === 'status') this.#become(outcomeOf(data));
    if (type === 'message') this.#append(data);
    if (type === 'done') this.#end(data);
    if (type === 'error') this.fail(data.message);
  }

  fail(message) {
    this.#become('error');
    this.#answer.append(this.text === '' ? message : ` … ${message}`);
    this.text += ` ${message}`;
    this.#end({});
  }

  stop() {
    this.#become('stopped');
    this.#end({});
  }

  /** Draws the times, on a scale whose end is `longestMs`. */
  draw(longestMs) {
    const end = this.isEnded ? this.totalMs : performance.now() - this.#startedAt;
    const first = Math.min(this.#firstMs ?? end, end);
    this.#wait.style.width = `${(100 * first) / longestMs}%`;
    this.#flow.style.width = `${(100 * (end - first)) / longestMs}%`;
    const told = this.#firstMs === undefined ? '' : `first token ${time(first)}`;
    this.#times.textContent = this.isEnded && told !== '' ? `${told} · complete ${time(end)}` : told;
  }

  get elapsedMs() {
    return this.isEnded ? this.totalMs : performance.now() - this.#startedAt;
  }

  /** What became of the request, in a sentence. */
  get summary() {
    const [badge, means] = wordsOf(this.outcome);
    return `${badge}, ${means}, in ${time(this.totalMs)}.`;
  }

  #become(outcome) {
    this.outcome = outcome;
    const [badge, means] = wordsOf(outcome);
    this.#badge.textContent = badge;
    this.#means.textContent = means;
    this.root.dataset.outcome = outcome;
  }

  #append(token) {
    this.#firstMs ??= performance.now() - this.#startedAt;
    this.text += token;
    this.#answer.append(token);
  }

  #end({ usage, savings, bypassed }) {
    this.totalMs = performance.now() - this.#startedAt;
    this.root.classList.add('ended');
    if (bypassed !== undefined) this.#means.textContent += `; not stored: ${bypassed}`;
    // A shared answer saves tokens, and no time.
    const spared = this.outcome === 'collapsed' ? { ...savings, timeMs: 0 } : savings;
    if (savings !== undefined) this.#sum.textContent = `saved ${sumOf(spared, savings.cost)}`;
    else if (usage !== undefined) this.#sum.textContent = `paid ${sumOf(usage)}`;
  }
}

function sumOf({ inputTokens = 0, outputTokens = 0, timeMs }, cost) {
  const tokens = plural(inputTokens + outputTokens, 'token');
  return [tokens, cost && money(cost), timeMs && time(timeMs)].filter(Boolean).join(' · ');
}
