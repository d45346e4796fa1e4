import { headingsOf } from '../support/guides.js';
import { execute, importTool, readText } from '../support/repository.js';

interface Promised {
  number: number;
  promise: string;
  statedIn: string;
}
interface Title {
  kind: 'describe' | 'test';
  title: string;
  inside: Title[];
}

const { promises, proof } = await importTool<{
  promises: Promised[];
  proof(sources: Map<string, string>, promises: Promised[]): string;
}>('scripts/lib/proof.mjs');
const { titlesOf } = await importTool<{ titlesOf(path: string, text: string): Title[] }>(
  'scripts/lib/test-titles.mjs',
);

describe('docs/proof.md', () => {
  it('lists the tests of each promise, as `make proof` writes them', async () => {
    expect(await execute(process.execPath, ['scripts/proof.mjs', '--check'])).toBe(
      'docs/proof.md is up to date.\n',
    );
  }, 120_000);

  it('names where each promise is stated', async () => {
    const missing: string[] = [];
    for (const { statedIn } of promises) {
      const [page = '', heading = ''] = statedIn.split('#');
      if (!headingsOf(await readText(`docs/${page}`)).has(heading)) missing.push(statedIn);
    }
    expect(missing).toEqual([]);
  });

  it('gives each promise a number of its own', () => {
    expect(new Set(promises.map(({ number }) => number)).size).toBe(promises.length);
  });
});

describe('docs/resilience.md', () => {
  it('states no promise without a place in the proof, and links to it', async () => {
    const text = await readText('docs/resilience.md');
    const [, stated = ''] = /^## The promises\n(.*?)(?=^## )/ms.exec(text) ?? [];
    const sections = stated.split(/^### /m).slice(1);
    const missing = sections.filter((section) => {
      const [title = ''] = section.split('\n');
      const [anchor = ''] = headingsOf(`### ${title}`);
      const known = promises.find(({ statedIn }) => statedIn === `resilience.md#${anchor}`);
      return known === undefined || !section.includes(`(proof.md#${known.number}-`);
    });

    expect(sections.length).toBeGreaterThan(10);
    expect(missing).toEqual([]);
  });
});

describe('the proof', () => {
  const reads: Promised = {
    number: 3,
    promise: 'Reads are bounded',
    statedIn: 'resilience.md#reads-are-bounded',
  };
  const outages: Promised = { number: 4, promise: 'An outage loses little', statedIn: 'resilience.md' };
  const made = (source: string, list = [reads]): string => proof(new Map([['test/a.spec.ts', source]]), list);

  it('has the tests whose title, or that of a block around them, names the promise', () => {
    const page = made(`
      describe('guarantee 3: a Redis that hangs', () => {
        it('L1 hits do not wait', () => {});
      });
      describe('another one', () => {
        it('is bounded (guarantee 3)', () => {});
        it('proves nothing', () => {});
      });
    `);

    expect(page).toContain('## 3. Reads are bounded\n');
    expect(page).toContain('"a Redis that hangs"\n    - "L1 hits do not wait"\n');
    expect(page).toContain('"another one"\n    - "is bounded"\n');
    expect(page).not.toContain('proves nothing');
  });

  it('counts a test for each promise that it names', () => {
    const page = made(`it('guarantees 3 and 4: SIGSTOP', () => {});`, [reads, outages]);

    expect(page).toContain('| 3 | [Reads are bounded](#3-reads-are-bounded) | 1 | 1 |');
    expect(page).toContain('| 4 | [An outage loses little](#4-an-outage-loses-little) | 1 | 1 |');
  });

  it('fails when a promise has no test', () => {
    expect(() => made(`it('guarantee 3: SIGSTOP', () => {});`, [reads, outages])).toThrow(
      'No test proves: An outage loses little',
    );
  });

  it('fails when a title names a promise that is none', () => {
    expect(() => made(`it('guarantees 3 and 77: SIGSTOP', () => {});`)).toThrow(
      'test/a.spec.ts: no promise has the number 77',
    );
  });
});

describe('the titles of a spec', () => {
  const titles = (source: string): string[] => titlesOf('a.spec.ts', source).map(({ title }) => title);

  it('are those of the rows of a table, if the source has them as text', () => {
    expect(titles(`it.each(['throws', 'rejects'])('a logger that %s', () => {});`)).toEqual([
      'a logger that throws',
      'a logger that rejects',
    ]);
    expect(titles(`it.each<[string, number]>([['a key', 1], ['', 2]])('%s: %d', () => {});`)).toEqual([
      'a key: 1',
      "'': 2",
    ]);
    expect(titles(`const rows = [{ name: 'FLUSHALL' }] as const; it.each(rows)('$name', () => {});`)).toEqual(
      ['FLUSHALL'],
    );
  });

  it('leave out what only running the spec would tell', () => {
    expect(titles('it.each(rows())(`%s in ${where}`, () => {});')).toEqual(['… in …']);
  });

  it('are nested as the blocks are', () => {
    const [block] = titlesOf('a.spec.ts', `describe.each(x)('outer', () => { it('inner', () => {}); });`);

    expect(block).toEqual({
      kind: 'describe',
      title: 'outer',
      inside: [{ kind: 'test', title: 'inner', inside: [] }],
    });
  });
});
