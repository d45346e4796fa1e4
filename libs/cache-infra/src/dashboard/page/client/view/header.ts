import { windowNames, type WindowName } from '../../../../monitoring/windows/window-report.js';
import { count, duration } from '../model/format.js';
import { h, icon, s, setAttribute, setChildren, setText } from './dom.js';
import type { Actions, Page, View } from './page.js';
import { themeSwitch } from './theme-switch.js';

const windowLabels: Readonly<Record<WindowName, string>> = {
  '1m': 'Last minute',
  '5m': 'Last 5 minutes',
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
};

/** The bar at the top: which instance, which window, whether the picture is live. */
export function header(actions: Actions): View {
  const instances = instanceSwitch(actions);
  const windows = windowSwitch(actions);
  const live = liveSwitch(actions);
  const skip = h('a', { class: 'skip', href: '#main', text: 'Skip to the verdict' });
  skip.addEventListener('click', (event) => {
    // The hash holds the place of the reader.
    event.preventDefault();
    document.getElementById('main')?.focus();
  });
  const element = h(
    'header',
    { class: 'bar' },
    skip,
    h('div', { class: 'brand' }, logo(), h('span', { class: 'brand-name', text: 'Cache' })),
    instances.element,
    h('div', { class: 'bar-end' }, windows.element, live.element, themeSwitch()),
  );
  return {
    element,
    update(page) {
      for (const view of [instances, windows, live]) view.update(page);
    },
  };
}

function logo(): SVGSVGElement {
  return s(
    'svg',
    { viewBox: '0 0 32 28', class: 'logo', 'aria-hidden': 'true' },
    s('path', { class: 'logo-load', d: 'M5 18.5l11 5.5 11-5.5v3L16 27 5 21.5z' }),
    s('path', { class: 'logo-l2', d: 'M5 12.5 16 18l11-5.5v3L16 21 5 15.5z' }),
    s('path', { class: 'logo-l1', d: 'M16 1 28 7 16 13 4 7z' }),
  );
}

function instanceSwitch({ go }: Actions): View {
  const select = h('select', { id: 'instance', class: 'select' });
  select.addEventListener('change', () => go({ instance: select.value === '' ? null : select.value }));
  const element = h('label', { class: 'instance' }, h('span', { class: 'sr', text: 'Instance' }), select);
  const options = new Map<string, HTMLOptionElement>();
  const option = (value: string, text: string) => {
    const known = options.get(value) ?? h('option', { value });
    options.set(value, known);
    setText(known, text);
    return known;
  };
  return {
    element,
    update({ state, place }: Page) {
      const lines = state?.instances ?? [];
      const [first] = lines;
      const isOne = lines.length === 1 && first !== undefined;
      const shown = [
        option(
          '',
          isOne ? first.name : `All ${lines.length === 0 ? '' : `${count(lines.length)} `}instances`,
        ),
      ];
      for (const { id, name, status } of isOne ? [] : lines)
        shown.push(option(id, status === 'up' ? name : `${name} (${status})`));
      if (place.instance !== null && !shown.some(({ value }) => value === place.instance))
        shown.push(option(place.instance, 'It ended: all are shown'));
      for (const value of options.keys())
        if (!shown.some((each) => each.value === value)) options.delete(value);
      setChildren(select, shown);
      if (select.value !== (place.instance ?? '')) select.value = place.instance ?? '';
    },
  };
}

function windowSwitch({ go }: Actions): View {
  const inputs = windowNames.map((name) => {
    const input = h('input', { type: 'radio', name: 'window', value: name, class: 'sr' });
    input.addEventListener('change', () => go({ window: name }));
    return { name, input };
  });
  const element = h(
    'fieldset',
    { class: 'segments' },
    h('legend', { class: 'sr', text: 'Window' }),
    ...inputs.map(({ name, input }) =>
      h(
        'label',
        { class: 'segment', title: windowLabels[name] },
        input,
        h('span', { 'aria-hidden': 'true', text: name }),
        h('span', { class: 'sr', text: windowLabels[name] }),
      ),
    ),
  );
  return {
    element,
    update({ place }) {
      for (const { name, input } of inputs) input.checked = name === place.window;
    },
  };
}

const pausePath = 'M8 5v14M16 5v14';
const playPath = 'M7 4.5v15l12-7.5z';

function liveSwitch({ togglePause }: Actions): View {
  const text = h('span', { class: 'live-text' });
  const path = icon(pausePath);
  const element = h('button', { class: 'live', type: 'button', on: { click: togglePause } });
  element.append(h('span', { class: 'dot', 'aria-hidden': 'true' }), text, path);
  return {
    element,
    update({ link, state }) {
      const isPaused = link.kind === 'paused';
      setText(text, liveText(link));
      setAttribute(element, 'data-link', link.kind);
      setAttribute(element, 'aria-label', isPaused ? 'Paused. Go live' : `${liveText(link)}. Pause`);
      setAttribute(element, 'title', isPaused ? 'Go live' : 'Pause');
      setAttribute(path.firstElementChild ?? path, 'd', isPaused ? playPath : pausePath);
      // Restart the pulse with each message.
      if (link.kind === 'live')
        setAttribute(element, 'data-beat', (state?.at ?? 0) % 4000 < 2000 ? 'a' : 'b');
    },
  };
}

function liveText(link: Page['link']): string {
  switch (link.kind) {
    case 'starting':
      return 'Connecting';
    case 'live':
      return 'Live';
    case 'paused':
      return 'Paused';
    case 'gone':
      return `Gone ${duration((Date.now() - link.since) / 1000)}`;
  }
}
