import { Report } from './report.js';

function reporting(): { report: Report; lines: string[] } {
  const lines: string[] = [];
  return { report: new Report((line) => lines.push(line)), lines };
}

describe('Report', () => {
  it('has no failures when every check holds', () => {
    const { report, lines } = reporting();

    report.check('two is two', true);

    expect(report.failures).toEqual([]);
    expect(lines).toEqual(['  ok      two is two']);
  });

  it('keeps a failed check, and shows what was found instead', () => {
    const { report, lines } = reporting();

    report.check('the second answer comes from the cache', false, { cached: false });

    expect(report.failures).toEqual(['the second answer comes from the cache']);
    expect(lines.join('\n')).toContain('found: {"cached":false}');
  });

  it('never prints beyond a hundred columns, and loses no word', () => {
    const { report, lines } = reporting();
    const text = `  ${'word '.repeat(100)}${'x'.repeat(250)}`;

    report.line(text);

    expect(lines.slice(1).every((line) => /^ {4}\S/.test(line))).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
  });

  it('counts a part that breaks down as failed, and goes on', async () => {
    const { report, lines } = reporting();

    await report.part('Health', () => Promise.reject(new Error('fetch failed')));

    expect(report.failures).toEqual(['Health']);
    expect(lines.join('\n')).toContain('found: Error: fetch failed');
  });

  it('lines columns up, numbers at the right', () => {
    const { report, lines } = reporting();

    report.table([
      ['name', 'ms', 'tier'],
      ['a', '1000', 'l1'],
    ]);

    expect(lines).toEqual(['  name     ms   tier', '  a      1000   l1']);
  });
});
