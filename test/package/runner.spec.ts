import { importTool } from '../support/repository.js';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[];
}
interface Steps {
  slowTests(report: {
    testResults: { assertionResults: { duration: number; fullName: string }[] }[];
  }): string[];
  summarize(report: Report | undefined, status: number, output?: string): Summary;
}
interface Summary {
  passed: number;
  failed: number;
  skipped: number;
  notes: string[];
}

const { slowTests, summarize } = await importTool<Steps>('scripts/lib/steps.mjs');

const file = (...statuses: string[]) => ({
  name: '/somewhere/a.spec.ts',
  status: 'passed',
  assertionResults: statuses.map((status, index) => ({ status, fullName: `test ${index}` })),
});
const report = (...files: ReturnType<typeof file>[]): Report => {
  const count = (wanted: string) =>
    files.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === wanted)
      .length;
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending'),
    numTodoTests: count('todo'),
    numRuntimeErrorTestSuites: 0,
    testResults: files,
  };
};

describe('the sum of a suite', () => {
  it('counts what passed, failed and was skipped, and names the latter two', () => {
    const sum = summarize(report(file('passed', 'failed', 'pending', 'todo')), 1);

    expect(sum).toMatchObject({ passed: 1, failed: 1, skipped: 2 });
    expect(sum.notes).toEqual(['failed: test 1', 'pending: test 2', 'todo: test 3']);
  });

  it('is a failure when no test ran', () => {
    expect(summarize(report(), 0)).toMatchObject({ passed: 0, failed: 1 });
  });

  it('is a failure when one file skipped all its tests', () => {
    const sum = summarize(report(file('passed'), file('pending', 'pending')), 0);

    expect(sum).toMatchObject({ passed: 1, failed: 1, skipped: 2 });
    expect(sum.notes[0]).toMatch(/^ran no test: /);
  });

  it('is a failure when Jest reported nothing', () => {
    expect(summarize(undefined, 1)).toMatchObject({ passed: 0, failed: 1 });
  });

  it('is a failure when every test passed and Jest did not, as with too little coverage', () => {
    expect(summarize(report(file('passed')), 1)).toMatchObject({ passed: 1, failed: 1 });
  });

  it('counts a file that could not be loaded as one failure', () => {
    expect(summarize({ ...report(file('passed')), numRuntimeErrorTestSuites: 1 }, 1)).toMatchObject({
      failed: 1,
    });
  });

  it('is a failure when a handle was left open', () => {
    const said = 'Jest has detected the following 1 open handle potentially keeping Jest from exiting:';

    expect(summarize(report(file('passed')), 0, said)).toMatchObject({ passed: 1, failed: 1 });
  });
});

describe('seed S1.6 unit tests of more than 100 ms', () => {
  it('are counted, and the slowest named', () => {
    const assertionResults = [
      { duration: 5, fullName: 'quick' },
      { duration: 101, fullName: 'slow' },
      { duration: 900, fullName: 'slower' },
    ];

    expect(slowTests({ testResults: [{ assertionResults }] })).toEqual([
      '2 tests took over 100 ms',
      '900 ms: slower',
      '101 ms: slow',
    ]);
  });
});
