import { EventEmitter } from 'node:events';

import { Screen } from '../look/screen.js';
import { windowAfter } from './live.js';

/** A terminal of this process: what is written, and keys to press. */
class Terminal extends EventEmitter {
  readonly isTTY = true;
  columns = 80;
  rows = 24;
  written = '';
  isRaw = false;

  write(text: string): void {
    this.written += text;
  }
  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
  }
  resume(): void {}
  pause(): void {}
}

describe('a key', () => {
  it.each([
    ['2', '1m', '5m'],
    ['4', '1m', '24h'],
    ['5', '1m', '1m'],
    ['\u001b[C', '5m', '1h'],
    ['\u001b[C', '24h', '24h'],
    ['\u001b[D', '1m', '1m'],
    ['\u001bOD', '1h', '5m'],
    ['x', '1h', '1h'],
  ] as const)('%j in window %s: %s', (key, before, after) => {
    expect(windowAfter(key, before)).toBe(after);
  });
});

describe('the screen', () => {
  it('paints a frame by one write, and brings the old screen back', () => {
    const terminal = new Terminal();
    const keys: string[] = [];
    let resized = 0;
    const screen = new Screen(terminal, terminal, {
      onKey: (key) => keys.push(key),
      onResize: () => resized++,
    });
    screen.open();
    expect(terminal.written).toContain('\u001b[?1049h');
    expect(terminal.isRaw).toBe(true);

    terminal.written = '';
    terminal.rows = 2;
    screen.draw(['one', 'two', 'three']);
    expect(terminal.written).toBe('\u001b[Hone\u001b[K\r\ntwo\u001b[K\u001b[J');
    terminal.emit('data', Buffer.from('q'));
    terminal.emit('resize');
    expect([keys, resized]).toEqual([['q'], 1]);

    screen.close();
    screen.close();
    expect(terminal.written.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(terminal.isRaw).toBe(false);
    expect([terminal.listenerCount('data'), terminal.listenerCount('resize')]).toEqual([0, 0]);
  });
});
