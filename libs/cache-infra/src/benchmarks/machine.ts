import { availableParallelism, cpus, totalmem } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { median } from './statistics.js';

/** The machine of a measurement. */
export interface BenchmarkEnvironment {
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  /** Nanoseconds of one clock reading; durations of single operations include it. */
  readonly clockNs: number;
}

/** Memory in MiB. */
export interface MemoryUsage {
  readonly heapMb: number;
  readonly externalMb: number;
  readonly rssMb: number;
}

/** A clock: milliseconds from any origin. */
export type Now = () => number;

const bytesPerMb = 2 ** 20;

export function describeMachine(now: Now): BenchmarkEnvironment {
  return {
    node: process.version,
    v8: process.versions.v8,
    platform: process.platform,
    arch: process.arch,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / bytesPerMb),
    clockNs: Math.max(0, Math.round(clockCostMs(now) * 1e6)),
  };
}

function clockCostMs(now: Now): number {
  const readings = 1000;
  const start = now();
  for (let reading = 1; reading < readings; reading++) now();
  return (now() - start) / readings;
}

export function memoryUsage(): MemoryUsage {
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapMb: heapUsed / bytesPerMb, externalMb: external / bytesPerMb, rssMb: rss / bytesPerMb };
}

export function memoryChange(from: MemoryUsage, to: MemoryUsage): MemoryUsage {
  return {
    heapMb: to.heapMb - from.heapMb,
    externalMb: to.externalMb - from.externalMb,
    rssMb: to.rssMb - from.rssMb,
  };
}

let collect: (() => void) | undefined;

/** Collects garbage, so that only live objects count. Does not require `--expose-gc`. */
export function collectGarbage(): void {
  collect ??= garbageCollector();
  collect();
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const exposed = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return exposed;
}

const reference = { id: 7, name: 'Ada', tags: ['a', 'b', 'c'], nested: { values: [1, 2, 3, 4, 5, 6, 7, 8] } };

const referenceUnits = 31;

/**
 * Times the reference work (awaited lookups, JSON) in milliseconds. It shows the current speed of the machine, by which
 * measurements of other machines or times are normalized. Returns the median of several short pieces, because other
 * processes would interrupt a long one.
 */
export async function referenceWork(now: Now): Promise<number> {
  const map = new Map(Array.from({ length: 256 }, (_, index) => [`key:${index}`, index]));
  const lookUp = async (key: string) => map.get(key);
  const pieces: number[] = [];
  for (let unit = 0; unit < referenceUnits; unit++) {
    const start = now();
    for (let index = 0; index < 256; index++) {
      await lookUp(`key:${index}`);
      if ((index & 7) === 0) JSON.parse(JSON.stringify(reference));
    }
    pieces.push(now() - start);
  }
  return median(pieces);
}
