import type {
  CacheMonitor,
  CacheSource,
  KeyGenerationRecord,
  LoadRecord,
  OperationRecord,
  TagRecord,
} from '../cache/contract/monitor.js';

/** A monitor that passes every record on to two monitors. One that throws or rejects keeps no record from the other. */
export function bothMonitors(first: CacheMonitor, second: CacheMonitor | undefined): CacheMonitor {
  if (second === undefined || second === first) return first;
  const both = [first, second];
  return {
    sampleEvery: Math.min(first.sampleEvery ?? 1, second.sampleEvery ?? 1),
    recordCacheOperationTime: (record: OperationRecord) =>
      each(both, (monitor) => monitor.recordCacheOperationTime?.(record)),
    recordLoad: (record: LoadRecord) => each(both, (monitor) => monitor.recordLoad?.(record)),
    recordInvalidation: (record: TagRecord) => each(both, (monitor) => monitor.recordInvalidation?.(record)),
    recordKeyGenerationTime: (record: KeyGenerationRecord) =>
      each(both, (monitor) => monitor.recordKeyGenerationTime?.(record)),
    attach(source: CacheSource) {
      const detach = both.map((monitor) => {
        try {
          return monitor.attach?.(source);
        } catch {
          return undefined;
        }
      });
      return () => {
        for (const stop of detach) stop?.();
      };
    },
  };
}

async function each(
  monitors: readonly CacheMonitor[],
  tell: (monitor: CacheMonitor) => unknown,
): Promise<void> {
  await Promise.allSettled(monitors.map(async (monitor) => tell(monitor)));
}
