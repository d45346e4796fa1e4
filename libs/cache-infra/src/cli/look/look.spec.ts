import { bytes, ms, percent, short } from './numbers.js';
import { ProgressLine } from './progress.js';
import { sparkline } from './sparkline.js';
import { styleFor } from './style.js';
import { tableLines } from './table.js';
import { cut, safe, wrapped } from './text.js';

const plain = styleFor({ colours: false });

describe('a table', () => {
  it('aligns its columns, and leaves no trailing space', () => {
    const columns = [{ head: 'NAME' }, { head: 'READS', align: 'right' as const }, {}];
    const rows = [
      ['a', '1200', 'x'],
      ['longer', '3', ''],
    ];
    expect(tableLines(columns, rows, plain)).toEqual(['NAME    READS', 'a        1200  x', 'longer      3']);
  });

  it('cuts cells, and lets a wide one stand out', () => {
    const columns = [{ most: 4 }, { alignUpTo: 3 }, {}];
    const rows = [
      ['abcdef', '1', 'x'],
      ['a', 'very wide', 'y'],
    ];
    expect(tableLines(columns, rows, plain)).toEqual(['abc…  1  x', 'a     very wide  y']);
  });

  it('colours cells after they are aligned', () => {
    const lines = tableLines([{}, {}], [[['up', 'green'], 'x'] as const], styleFor({ colours: true }));
    expect(lines).toEqual(['\u001b[32mup\u001b[39m  x']);
  });
});

describe('numbers', () => {
  it.each([
    [0, '0'],
    [0.44, '0.4'],
    [9.96, '10'],
    [1234, '1.2k'],
    [12_345, '12k'],
    [5e6, '5M'],
    [NaN, '-'],
  ])('%d: %s', (value, text) => {
    expect(short(value)).toBe(text);
  });

  it('ratios, durations and sizes', () => {
    expect([null, 1, 0.9999, 0.973, 0].map(percent)).toEqual(['-', '100 %', '99.9 %', '97.3 %', '0.0 %']);
    expect([null, 0.044, 1.23, 250.4].map(ms)).toEqual(['-', '0.04', '1.2', '250']);
    expect([512_000, 1_500_000_000].map(bytes)).toEqual(['512 kB', '1.5 GB']);
  });

  it('a sparkline has a space where nothing is known', () => {
    expect(sparkline([0, 0.5, 1, null])).toBe('▁▅█ ');
  });
});

describe('text', () => {
  it('has no control characters, and is cut by characters', () => {
    expect(safe('a\u001b[2J\nb\u202Ec')).toBe('a\uFFFD[2J\uFFFDb\uFFFDc');
    expect(cut('äöü€', 3)).toBe('äö…');
    expect(cut('abc', 0)).toBe('');
    expect(wrapped('one two three verylong', 7)).toEqual(['one two', 'three', 'verylo…']);
  });
});

describe('progress', () => {
  it('is one line of a terminal, which is cleared, and nothing elsewhere', () => {
    const written: string[] = [];
    const write = (text: string) => written.push(text);
    new ProgressLine({ write }).show('working');
    expect(written).toEqual([]);
    const line = new ProgressLine({ isTTY: true, columns: 5, write });
    line.show('working');
    line.clear();
    line.clear();
    expect(written).toEqual(['\r\u001b[2Kwor…', '\r\u001b[2K']);
  });
});
