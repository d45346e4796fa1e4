import { h, icon, setAttribute } from './dom.js';

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

const paths: Readonly<Record<Theme, string>> = {
  system: 'M4 5h16v11H4zM9 20h6M12 16v4',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2' +
    'M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4',
  dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
};

const storageKey = 'cache-dashboard-theme';

/** A button that goes from the system's theme to light, and to dark, and remembers it. */
export function themeSwitch(): HTMLElement {
  const picture = icon(paths.system);
  const button = h('button', { class: 'icon-button', type: 'button' }, picture);
  const draw = (theme: Theme) => {
    setAttribute(button, 'aria-label', `Theme: ${theme}`);
    setAttribute(button, 'title', `Theme: ${theme}`);
    setAttribute(picture.firstElementChild ?? picture, 'd', paths[theme]);
  };
  button.addEventListener('click', () => {
    const next = themes[(themes.indexOf(current()) + 1) % themes.length] ?? 'system';
    if (next === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = next;
    remember(next);
    draw(next);
  });
  draw(current());
  return button;
}

function current(): Theme {
  const { theme } = document.documentElement.dataset;
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

function remember(theme: Theme): void {
  try {
    if (theme === 'system') localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, theme);
  } catch {
    // Storage is forbidden: the choice holds until the page is closed.
  }
}
