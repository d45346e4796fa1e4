import { importTool } from '../support/repository.js';

interface Cell {
  readonly title: string;
  readonly quick?: boolean;
}
interface Bench {
  close(): Promise<void>;
}

const { Bench } = await importTool<{ Bench: { open(): Promise<Bench> } }>('scripts/lib/matrix/bench.mjs');
const { cells } = await importTool<{ cells: Cell[] }>('scripts/lib/matrix/cells.mjs');
const { runCell } = await importTool<{ runCell(cell: Cell, bench: Bench): Promise<{ error?: string }> }>(
  'scripts/lib/matrix/runner.mjs',
);

/** The first run installs the packages of the applications. */
const slow = 300_000;

describe('the packed library works in an application', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
  }, slow);
  afterAll(() => bench.close());

  it.each(cells.filter(({ quick }) => quick === true))(
    '$title',
    async (cell) => {
      const { error } = await runCell(cell, bench);

      expect(error).toBeUndefined();
    },
    slow,
  );
});

describe('the matrix', () => {
  it('names every cell once', () => {
    const titles = cells.map(({ title }) => title);

    expect(new Set(titles).size).toBe(titles.length);
  });
});
