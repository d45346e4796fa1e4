import { inspect } from 'node:util';

import { ValidationError } from './errors.js';

describe('ValidationError', () => {
  const error = new ValidationError(
    [{ path: 'defaultTtl', message: 'defaultTtl must be non-negative, got -1' }],
    'Cache',
  );

  it('T57: is printed with its problem once', () => {
    expect(inspect(error).split('must be non-negative')).toHaveLength(2);
  });

  it('has each problem with its path, for programs', () => {
    expect(error.problems).toEqual([
      { path: 'defaultTtl', message: 'defaultTtl must be non-negative, got -1' },
    ]);
    expect(error.details).toEqual({ problems: error.problems });
    expect(Object.keys(error)).toContain('code');
  });
});
