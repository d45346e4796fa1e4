import { cacheOf, stateOf, windowOf } from '../testing/states.js';
import { stepOf } from './guide.js';

const title = (state: Parameters<typeof stepOf>[0]) => stepOf(state, '5m')?.title;

describe('what to do while there is nothing to see', () => {
  const unread = cacheOf('a');
  const idle = { ...unread, stats: { ...unread.stats, hits: 0, misses: 0 } };

  it('is nothing before the first state, and once the caches are read and watched', () => {
    expect(title(null)).toBeUndefined();
    expect(title(stateOf([cacheOf('a')], { report: { caches: [windowOf('a', 0, 0)] } }))).toBeUndefined();
  });

  it('leads from an instance to a cache, a read and a monitor', () => {
    expect(title(stateOf([], { source: 'redis', instances: [] }))).toBe('No instance publishes itself here');
    expect(title(stateOf([]))).toBe('Make the first cache');
    expect(title(stateOf([idle], { report: { caches: [windowOf('a', 0, 0)] } }))).toBe('No read yet');
    expect(title(stateOf([cacheOf('a')]))).toBe('The monitor is off');
  });
});
