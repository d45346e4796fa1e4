import type { BenchmarkConfig } from './benchmark-config.js';
import {
  collectGarbage,
  memoryChange,
  memoryUsage,
  referenceWork,
  type MemoryUsage,
  type Now,
} from './machine.js';
import { Measurement, TimeIsOver } from './measurement.js';
import { withinLimit } from './time-limit.js';
import type { Workload } from './workloads/workload.js';
import { messageOf } from './message-of.js';

/** Progress of a run. */
export interface BenchmarkProgress {
  /** The running benchmark. */
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

export interface ExecutionOptions {
  readonly config: BenchmarkConfig;
  readonly now: Now;
  readonly onProgress: (progress: BenchmarkProgress) => void;
}

/** A workload with its measurement. */
export interface Executed {
  readonly workload: Workload;
  readonly measurement: Measurement;
  readonly memory: MemoryUsage | undefined;
}

/**
 * Number of blocks of a workload. The blocks of several workloads are interleaved, to spread slow phases of the
 * machine.
 */
export const blocks = 8;
/** Time limit of the clean-up, for caches that hang. */
const cleanUpLimitMs = 5000;

/** Runs the workloads, failing and hanging ones included, and deletes their entries. */
export async function execute(
  workloads: readonly Workload[],
  { config, now, onProgress }: ExecutionOptions,
): Promise<{ readonly executed: readonly Executed[]; readonly referenceMs: readonly number[] }> {
  const running = workloads.map((workload) => ({
    workload,
    measurement: new Measurement(now, config.timeoutSeconds * 1000, workload.main),
    memory: [] as MemoryUsage[],
  }));
  const referenceMs: number[] = [];
  // Warm up the reference work, until it is compiled.
  await referenceWork(now);
  const total = blocks * workloads.length;
  let done = 0;
  try {
    for (let block = 0; block < blocks; block++) {
      referenceMs.push(await referenceWork(now));
      for (const { workload, measurement, memory } of running) {
        onProgress({ label: `${workload.cacheName}: ${workload.name}`, done: done++, total });
        if (measurement.timedOut) continue;
        // So that no block pays for the garbage of the previous one.
        if (config.enableMemoryTracking) collectGarbage();
        const before = memoryUsage();
        await runBlock(workload, measurement, block, config.warmupIterations);
        memory.push(memoryChange(before, memoryUsage()));
      }
    }
    onProgress({ label: 'done', done: total, total });
  } finally {
    for (const { workload } of running) await tidyUp(workload);
  }
  const executed = running.map(({ workload, measurement, memory }) => ({
    workload,
    measurement,
    memory: config.enableMemoryTracking ? memory.reduce(larger) : undefined,
  }));
  return { executed, referenceMs };
}

async function runBlock(
  workload: Workload,
  measurement: Measurement,
  block: number,
  warmupIterations: number,
): Promise<void> {
  const startOf = (index: number) => Math.floor((index * workload.iterations) / blocks);
  const [first, next] = [startOf(block), startOf(block + 1)];
  const stats = () => workload.stats();
  const work = async () => {
    if (block === 0 && warmupIterations > 0) {
      await measurement.block('warm-up', stats, () => workload.run(measurement, warmupIterations, 0));
    }
    if (next > first) {
      await measurement.block('measured', stats, () => workload.run(measurement, next - first, first));
    }
  };
  try {
    await withinLimit(measurement.leftMs, () => measurement.stop(), work());
  } catch (error) {
    if (error instanceof TimeIsOver) return;
    measurement.fail(messageOf(error));
  }
}

async function tidyUp(workload: Workload): Promise<void> {
  try {
    await withinLimit(cleanUpLimitMs, () => undefined, workload.cleanUp());
  } catch {
    // The results have reported the failures of the cache already.
  }
}

function larger(one: MemoryUsage, other: MemoryUsage): MemoryUsage {
  return {
    heapMb: Math.max(one.heapMb, other.heapMb),
    externalMb: Math.max(one.externalMb, other.externalMb),
    rssMb: Math.max(one.rssMb, other.rssMb),
  };
}
