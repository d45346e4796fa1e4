import { wantsColours } from './terminal-environment.js';

describe('colours by the environment', () => {
  it.each([
    [{}, undefined],
    [{ NO_COLOR: '' }, undefined],
    [{ NO_COLOR: '1' }, false],
    [{ TERM: 'dumb' }, false],
    [{ FORCE_COLOR: '' }, true],
    [{ FORCE_COLOR: '3', NO_COLOR: '1' }, true],
    [{ FORCE_COLOR: '0' }, false],
    [{ FORCE_COLOR: 'false' }, false],
  ])('%j: %p', (env, expected) => {
    expect(wantsColours(env)).toBe(expected);
  });
});
