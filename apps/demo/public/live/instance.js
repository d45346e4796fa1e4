/* global document */
import { element } from '../shared/element.js';
import { euros, kindOf, originOf, time } from './words.js';

const counters = [
  ['reads', 'Reads'],
  ['queries', 'Database queries'],
  ['errors', 'Errors'],
  ['old', 'Old prices'],
  ['slowest', 'Longest wait'],
];

/** An instance of the shop: the product page as the `Map` and as the cache serve it. */
export class Instance {
  root = element('article', 'instance');
  #map = new Lane('Map', 'map');
  #cache = new Lane('nestjs-cache-infra', 'cache');

  constructor(name) {
    this.root.dataset.instance = name;
    const lanes = element('div', 'lanes');
    lanes.append(this.#map.root, this.#cache.root);
    this.root.append(element('h3', '', `Instance ${name}`), lanes);
  }

  show({ map, cache }) {
    this.#map.show(map);
    this.#cache.show(cache);
  }
}

class Lane {
  root = element('div', 'lane');
  #price = element('p', 'price', '…');
  #origin = element('p', 'origin');
  #strip = element('div', 'strip');
  #values = new Map();
  #last = 0;

  constructor(title, way) {
    this.root.dataset.way = way;
    const product = element('div', 'product');
    const about = element('div');
    about.append(element('p', 'name', 'Desk lamp'), this.#price);
    product.append(lamp(), about);
    this.#strip.setAttribute('aria-hidden', 'true');
    const list = element('dl');
    for (const [key, label] of counters) {
      const value = element('dd', '', '0');
      value.dataset.counter = key;
      this.#values.set(key, value);
      const row = element('div');
      row.append(element('dt', '', label), value);
      list.append(row);
    }
    this.root.append(element('h4', '', title), product, this.#origin, this.#strip, list);
  }

  show({ counts, recent }) {
    const latest = recent.at(-1);
    if (latest !== undefined) {
      this.root.dataset.kind = kindOf(latest);
      this.#price.textContent = latest.price === undefined ? 'No price' : euros(latest.price);
      this.#origin.textContent = originOf(latest);
    }
    for (const [key, value] of this.#values) {
      const text = key === 'slowest' ? time(counts[key]) : counts[key].toLocaleString('en');
      if (value.textContent !== text) value.textContent = text;
      value.classList.toggle('bad', (key === 'errors' || key === 'old') && counts[key] > 0);
    }
    this.#draw(recent);
  }

  /** Adds the new bars and removes those that are no longer shown. */
  #draw(recent) {
    const first = recent[0]?.number ?? Infinity;
    while (this.#strip.firstChild !== null && Number(this.#strip.firstChild.dataset.number) < first) {
      this.#strip.firstChild.remove();
    }
    for (const reading of recent) {
      if (reading.number > this.#last) this.#strip.append(bar(reading));
    }
    this.#last = recent.at(-1)?.number ?? this.#last;
  }
}

function bar(reading) {
  const made = element('i', reading.callers > 1 ? `${kindOf(reading)} burst` : kindOf(reading));
  made.dataset.number = String(reading.number);
  made.style.height = `${heightOf(reading.ms)}%`;
  const many = reading.callers > 1 ? `${reading.callers} shoppers at once: ` : '';
  made.title = many + originOf(reading);
  return made;
}

/** From 16 % for an answer at once to 100 % for 3 s, by the logarithm. */
function heightOf(ms) {
  return Math.round(16 + 84 * Math.min(1, Math.log10(1 + ms) / Math.log10(3001)));
}

const svg = 'http://www.w3.org/2000/svg';

/** A desk lamp. */
function lamp() {
  const made = document.createElementNS(svg, 'svg');
  made.setAttribute('viewBox', '0 0 48 48');
  made.setAttribute('aria-hidden', 'true');
  for (const [className, d] of [
    ['glow', 'M26 20 L44 40 H14 Z'],
    ['arm', 'M12 42 L20 26 L13 12 L25 8'],
    ['shade', 'M21 8 L27 4 L37 15 L24 22 Z'],
    ['arm', 'M5 42 H21'],
  ]) {
    const path = document.createElementNS(svg, 'path');
    path.setAttribute('class', className);
    path.setAttribute('d', d);
    made.append(path);
  }
  return made;
}
