import { cachesOf, type Mark } from '../../model/events.js';
import { clock } from '../../model/format.js';
import { h, newId, s, setAttribute, setChildren, setText, show } from '../dom.js';

/** A line of the legend, and of the box beside the pointer. */
export interface Entry {
  readonly label: string;
  readonly tone: string;
  readonly text: string;
}

/** What a chart draws. */
export interface Drawing {
  /** The end of the last step, milliseconds since 1970. */
  readonly endsAt: number;
  readonly stepSeconds: number;
  readonly steps: number;
  /** Marks of the vertical axis: 0-1 from the bottom, and their texts. */
  readonly ticks: readonly { readonly place: number; readonly text: string }[];
  readonly marks: readonly Mark[];
  /** For the legend: the whole window. */
  readonly entries: readonly Entry[];
  /** For the box beside the pointer; empty where there is nothing. */
  at(step: number): readonly Entry[];
  /** The shapes in an area of this size. */
  shapes(width: number, height: number): readonly SVGElement[];
  /** The whole chart in words. */
  readonly words: string;
  /** Shown in place of no shapes. */
  readonly empty: string | null;
}

const margin = { top: 10, right: 2, bottom: 22, left: 46 };

/** Charts with one crosshair. */
export class Crosshair {
  private readonly listeners: ((step: number | null) => void)[] = [];

  listen(listener: (step: number | null) => void): void {
    this.listeners.push(listener);
  }

  move(step: number | null): void {
    for (const listener of this.listeners) listener(step);
  }
}

/** A figure with axes, marks of events, a crosshair, a legend and a description. */
export function frame(title: string, crosshair: Crosshair, tools: HTMLElement | null = null) {
  const id = newId();
  const caption = h('figcaption', { class: 'sr', id });
  const legend = h('ul', { class: 'legend', 'aria-hidden': 'true' });
  const axes = s('g', { class: 'axes' });
  const shapes = s('g');
  const marks = s('g', { class: 'marks' });
  const line = s('line', { class: 'crosshair', y1: margin.top });
  const svg = s('svg', { class: 'chart-svg', 'aria-hidden': 'true' }, axes, shapes, marks, line);
  const box = h('div', { class: 'box', hidden: true });
  const empty = h('p', { class: 'chart-empty', hidden: true });
  const spoken = h('p', { class: 'sr', 'aria-live': 'polite' });
  const stage = h(
    'div',
    { class: 'stage', tabindex: 0, role: 'group', 'aria-labelledby': id },
    svg,
    box,
    empty,
  );
  const element = h(
    'figure',
    { class: 'chart' },
    h('div', { class: 'chart-head' }, h('h3', { class: 'chart-title', text: title }), tools, legend),
    stage,
    caption,
    spoken,
  );
  let drawing: Drawing | undefined;
  let size = { width: 0, height: 0 };
  let step: number | null = null;

  const x = (place: number) => margin.left + place * (size.width - margin.left - margin.right);
  const y = (place: number) => margin.top + (1 - place) * (size.height - margin.top - margin.bottom);

  function draw(): void {
    if (drawing === undefined || size.width === 0) return;
    setAttribute(svg, 'viewBox', `0 0 ${String(size.width)} ${String(size.height)}`);
    const inner = { width: x(1) - x(0), height: y(0) - y(1) };
    axes.replaceChildren(...horizontal(drawing), ...vertical(drawing));
    shapes.replaceChildren(...drawing.shapes(inner.width, inner.height));
    setAttribute(shapes, 'transform', `translate(${String(margin.left)} ${String(margin.top)})`);
    marks.replaceChildren(...drawing.marks.flatMap(markOf));
    show(empty, drawing.empty !== null);
    setText(empty, drawing.empty ?? '');
    drawCrosshair();
  }

  function horizontal({ ticks }: Drawing): SVGElement[] {
    return ticks.flatMap(({ place, text }) => [
      s('line', { class: 'grid', x1: margin.left, x2: x(1), y1: y(place), y2: y(place) }),
      s('text', { class: 'tick', x: margin.left - 8, y: y(place) + 4, 'text-anchor': 'end', text }),
    ]);
  }

  function vertical({ endsAt, stepSeconds, steps }: Drawing): SVGElement[] {
    const parts = size.width < 420 ? 3 : size.width < 900 ? 5 : 6;
    return Array.from({ length: parts }, (_, i) => {
      const place = i / (parts - 1);
      const at = endsAt - (1 - place) * steps * stepSeconds * 1000;
      const anchor = i === 0 ? 'start' : i === parts - 1 ? 'end' : 'middle';
      return s('text', {
        ...{ class: 'tick', x: x(place), y: size.height - 5, 'text-anchor': anchor },
        text: i === parts - 1 ? 'now' : clock(at, stepSeconds * steps <= 300),
      });
    });
  }

  function markOf({ place, mood }: Mark): SVGElement[] {
    const ends = { x1: x(place), x2: x(place), y1: margin.top, y2: y(0) };
    return [
      s('line', { class: 'halo', ...ends }),
      s('line', { class: `mark mark-${mood}`, ...ends }),
      s('path', { class: `flag flag-${mood}`, d: `M${String(x(place) - 4)} 3h8l-4 6z` }),
    ];
  }

  function drawCrosshair(): void {
    const isShown = step !== null && drawing?.empty === null;
    setAttribute(line, 'visibility', isShown ? 'visible' : 'hidden');
    show(box, isShown);
    if (step === null || drawing === undefined || !isShown) return;
    const place = (step + 0.5) / drawing.steps;
    for (const name of ['x1', 'x2']) setAttribute(line, name, x(place));
    setAttribute(line, 'y2', y(0));
    fillBox(box, drawing, step);
    const isLeft = place > 0.5;
    const shift = isLeft ? x(place) - box.offsetWidth - 12 : x(place) + 12;
    box.style.transform = `translate(${String(Math.max(0, Math.round(shift)))}px, ${String(margin.top)}px)`;
  }

  crosshair.listen((next) => {
    step = next;
    drawCrosshair();
  });
  stage.addEventListener('pointermove', (event) => {
    if (drawing === undefined) return;
    const place = (event.clientX - stage.getBoundingClientRect().left - margin.left) / (x(1) - x(0));
    const next = Math.floor(place * drawing.steps);
    crosshair.move(next < 0 || next >= drawing.steps ? null : next);
  });
  stage.addEventListener('pointerleave', () => crosshair.move(null));
  stage.addEventListener('blur', () => crosshair.move(null));
  stage.addEventListener('keydown', (event) => {
    if (drawing === undefined) return;
    const last = drawing.steps - 1;
    const next = keyStep(event.key, step, last);
    if (next === undefined) return;
    event.preventDefault();
    crosshair.move(next);
    if (next !== null) setText(spoken, boxWords(drawing, next));
  });
  new ResizeObserver(() => {
    size = { width: stage.clientWidth, height: stage.clientHeight };
    draw();
  }).observe(stage);

  return {
    element,
    show(next: Drawing) {
      drawing = next;
      setText(caption, `${title}. ${next.words} Use the arrow keys to read single steps.`);
      setChildren(legend, legendOf(legend, next.entries));
      draw();
    },
  };
}

function keyStep(key: string, step: number | null, last: number): number | null | undefined {
  const from = step ?? last;
  switch (key) {
    case 'ArrowLeft':
      return step === null ? last : Math.max(0, from - 1);
    case 'ArrowRight':
      return Math.min(last, from + 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'Escape':
      return null;
    default:
      return undefined;
  }
}

function legendOf(legend: Element, entries: readonly Entry[]): readonly Element[] {
  return entries.map(({ label, tone, text }, i) => {
    const known = legend.children[i];
    const item = known ?? h('li', {}, h('span', { class: 'swatch' }), h('span'), h('strong'));
    const [swatch, name, value] = item.children;
    if (swatch !== undefined) setAttribute(swatch, 'data-tone', tone);
    if (name !== undefined) setText(name, label);
    if (value !== undefined) setText(value, text);
    return item;
  });
}

function fillBox(box: HTMLElement, drawing: Drawing, step: number): void {
  const entries = drawing.at(step);
  const events = eventsAt(drawing, step);
  box.replaceChildren(
    h('p', { class: 'box-time', text: timeOf(drawing, step) }),
    ...(entries.length === 0 ? [h('p', { class: 'box-none', text: 'no read' })] : []),
    ...entries.map(({ label, tone, text }) =>
      h(
        'p',
        { class: 'box-line' },
        h('span', { class: 'swatch', 'data-tone': tone }),
        label,
        h('strong', { text }),
      ),
    ),
    ...events.map((event) =>
      h('p', { class: 'box-event', 'data-mood': event.mood, text: `${cachesOf(event)}: ${event.text}` }),
    ),
  );
}

function boxWords(drawing: Drawing, step: number): string {
  const entries = drawing.at(step).map(({ label, text }) => `${label} ${text}`);
  const events = eventsAt(drawing, step).map((event) => `${cachesOf(event)}: ${event.text}`);
  const words = entries.length === 0 ? ['no read'] : entries;
  return `${timeOf(drawing, step)}: ${[...words, ...events].join(', ')}`;
}

function timeOf({ endsAt, stepSeconds, steps }: Drawing, step: number): string {
  return clock(endsAt - (steps - step) * stepSeconds * 1000, stepSeconds < 60);
}

function eventsAt({ marks, steps }: Drawing, step: number) {
  const near = marks.filter(({ place }) => Math.abs(place * steps - step - 0.5) <= 1);
  return near.flatMap(({ events }) => events).slice(0, 4);
}
