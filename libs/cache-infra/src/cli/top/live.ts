import type { RedisCache } from '../../cache/redis-cache.js';
import { windowNames, type WindowName } from '../../monitoring/windows/window-report.js';
import { Screen, type ScreenInput, type ScreenOutput } from '../look/screen.js';
import type { Style } from '../look/style.js';
import { InfrastructureError } from '../../base/errors.js';
import type { FleetReader } from './fleet-reader.js';
import { narrowed } from './narrowed.js';
import { topLines, type TopState } from './view.js';

/** What the live view works with. */
export interface LiveTop {
  readonly reader: FleetReader;
  readonly cache: RedisCache;
  readonly wanted: { readonly cache: string | undefined; readonly window: WindowName };
  readonly style: Style;
  readonly terminal: { readonly input: ScreenInput; readonly output: ScreenOutput };
}

/** Milliseconds between two readings. */
const everyMs = 1000;

const quitKeys: ReadonlySet<string> = new Set(['q', 'Q', '\u0003', '\u0004']);
const steps: Readonly<Record<string, 1 | -1>> = {
  '\u001b[C': 1,
  '\u001bOC': 1,
  '\u001b[D': -1,
  '\u001bOD': -1,
};

/** The window after a key: 1 to 4 name one, the arrows step; any other key keeps it. */
export function windowAfter(key: string, window: WindowName): WindowName {
  const named = /^[1-4]$/.test(key) ? windowNames[Number(key) - 1] : undefined;
  if (named !== undefined) return named;
  const at = windowNames.indexOf(window) + (steps[key] ?? 0);
  return windowNames[Math.min(windowNames.length - 1, Math.max(0, at))] ?? window;
}

/**
 * Shows the fleet until `q`, Ctrl-C, SIGINT or SIGTERM. Resolves to the exit code, with the screen as it was before.
 */
export async function liveTop({ reader, cache, wanted, style, terminal }: LiveTop): Promise<number> {
  let end = (): void => undefined;
  const ended = new Promise<true>((resolve) => {
    end = () => {
      resolve(true);
    };
  });
  let state: TopState = {
    ...{ fleet: undefined, window: wanted.window, address: reader.address, prefix: undefined },
    ...{ problem: 'connecting', isLive: true },
  };
  const draw = (): void => {
    const { columns, rows } = screen;
    screen.draw(topLines(state, { columns, rows }, style));
  };
  const screen = new Screen(terminal.input, terminal.output, {
    onKey: (key) => {
      if (quitKeys.has(key)) end();
      state = { ...state, window: windowAfter(key, state.window) };
      draw();
    },
    onResize: draw,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  const restore = (): void => {
    screen.close();
  };
  process.once('exit', restore);
  screen.open();
  try {
    draw();
    for (let isEnded = false; !isEnded;) {
      isEnded = await Promise.race([ended, refreshed().then(() => false)]);
      if (!isEnded) isEnded = await Promise.race([ended, pause(everyMs)]);
    }
    return 0;
  } finally {
    screen.close();
    process.off('exit', restore);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, end);
  }

  async function refreshed(): Promise<void> {
    try {
      await cache.connect();
      const { prefix, fleet } = narrowed(await reader.read(), wanted.cache);
      state = { ...state, prefix, fleet, problem: undefined };
    } catch (error) {
      state = { ...state, problem: problemOf(error), fleet: isOutage(error) ? state.fleet : undefined };
    }
    draw();
  }
}

function pause(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve(false);
    }, ms).unref();
  });
}

function isOutage(error: unknown): boolean {
  return error instanceof InfrastructureError;
}

function problemOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return isOutage(error) ? `Trying again: ${message}` : message;
}
