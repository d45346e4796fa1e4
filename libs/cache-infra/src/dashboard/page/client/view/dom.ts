import { printable } from '../model/printable.js';

type AttributeValue = string | number | boolean | undefined;

/** Attributes, properties and listeners of a new element. `text` is set as text, never as markup. */
export interface Props {
  readonly class?: string;
  readonly text?: string;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
  readonly [attribute: string]: AttributeValue | Readonly<Record<string, (event: Event) => void>>;
}

type Child = Node | string | null;

/** Makes an HTML element. Attributes whose value is `undefined` or `false` are left out; `true` is an empty one. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  fill(element, props, children);
  return element;
}

/** Makes an SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  fill(element, props, children);
  return element;
}

function fill(element: Element, props: Props, children: readonly Child[]): void {
  const { text, on = {}, ...attributes } = props;
  if (text !== undefined) element.textContent = printable(text);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  for (const [name, value] of Object.entries(attributes))
    if (typeof value !== 'object') setAttribute(element, name, value);
  for (const child of children)
    if (child !== null) element.append(typeof child === 'string' ? printable(child) : child);
}

export function setAttribute(element: Element, name: string, value: AttributeValue): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else {
    const text = value === true ? '' : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Sets a text when it has changed: a selection in it survives. */
export function setText(element: Element, text: string): void {
  const shown = printable(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/** Shows or hides. */
export function show(element: HTMLElement, isShown: boolean): void {
  if (element.hidden === isShown) element.hidden = !isShown;
}

/** A bar of a length of 0-1. */
export function setBar(element: HTMLElement, part: number): void {
  element.style.setProperty('--part', String(Math.min(1, Math.max(0, part))));
}

/** Makes the children of an element those given, and touches no child that stays in its place. */
export function setChildren(parent: Element, children: readonly Element[]): void {
  const wanted = new Set<Element>(children);
  for (const old of [...parent.children]) if (!wanted.has(old)) old.remove();
  const focused = document.activeElement;
  children.forEach((child, place) => {
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
  });
  // An element that was moved has lost the focus.
  if (focused instanceof HTMLElement && parent.contains(focused) && document.activeElement !== focused)
    focused.focus({ preventScroll: true });
}

let lastId = 0;

/** An id for `aria-labelledby` and the like. */
export function newId(): string {
  lastId += 1;
  return `e${String(lastId)}`;
}

/** An icon of lines on a 24 × 24 grid. */
export function icon(path: string): SVGSVGElement {
  return s(
    'svg',
    { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true', focusable: 'false' },
    s('path', { d: path }),
  );
}
