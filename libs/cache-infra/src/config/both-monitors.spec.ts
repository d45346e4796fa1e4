import { jest } from '@jest/globals';
import type { CacheMonitor, CacheSource, OperationRecord } from '../cache/contract/monitor.js';
import { bothMonitors } from './both-monitors.js';

const record: OperationRecord = {
  cache: 'c',
  operation: 'get',
  duration: 1,
  key: 'k',
  hit: true,
  tier: 'l1',
  success: true,
};
const key = { cache: 'c', operation: 'op', duration: 1, inputLength: 1 };
const source = { name: 'c' } as CacheSource;

function watcher() {
  return {
    recordCacheOperationTime: jest.fn(),
    recordKeyGenerationTime: jest.fn(),
    detach: jest.fn(),
    attach: jest.fn<NonNullable<CacheMonitor['attach']>>(),
  };
}

describe('bothMonitors', () => {
  it('is the first monitor if there is no second one', () => {
    const first = watcher();
    expect(bothMonitors(first, undefined)).toBe(first);
    expect(bothMonitors(first, first)).toBe(first);
  });

  it('calls both monitors', async () => {
    const [first, second] = [watcher(), watcher()];
    const both = bothMonitors(first, second);
    await both.recordCacheOperationTime?.(record);
    await both.recordKeyGenerationTime?.(key);
    for (const { recordCacheOperationTime, recordKeyGenerationTime } of [first, second]) {
      expect(recordCacheOperationTime).toHaveBeenCalledWith(record);
      expect(recordKeyGenerationTime).toHaveBeenCalledWith(key);
    }
  });

  it('attaches and detaches both', () => {
    const [first, second] = [watcher(), watcher()];
    first.attach.mockReturnValue(first.detach);
    second.attach.mockReturnValue(second.detach);
    bothMonitors(first, second).attach?.(source)();
    expect(first.attach).toHaveBeenCalledWith(source);
    expect(first.detach).toHaveBeenCalledTimes(1);
    expect(second.detach).toHaveBeenCalledTimes(1);
  });

  it('a monitor that throws or rejects does not affect the other', async () => {
    const second = watcher();
    const first: CacheMonitor = {
      recordCacheOperationTime: () => Promise.reject(new Error('no')),
      recordKeyGenerationTime: () => {
        throw new Error('no');
      },
      attach: () => {
        throw new Error('no');
      },
    };
    second.attach.mockReturnValue(second.detach);
    const both = bothMonitors(first, second);
    await both.recordCacheOperationTime?.(record);
    await both.recordKeyGenerationTime?.(key);
    both.attach?.(source)();
    expect(second.recordCacheOperationTime).toHaveBeenCalled();
    expect(second.recordKeyGenerationTime).toHaveBeenCalled();
    expect(second.detach).toHaveBeenCalled();
  });

  it('samples at the higher of the two rates', () => {
    expect(bothMonitors({ sampleEvery: 10 }, { sampleEvery: 3 }).sampleEvery).toBe(3);
    expect(bothMonitors({ sampleEvery: 10 }, {}).sampleEvery).toBe(1);
  });
});
