import { describe, expect, it, jest } from '@jest/globals';

import { ValidationError } from '../base/errors.js';
import { drillOutage, type DrillInstance } from './index.js';

/** A service whose instances read and write one map: always right. */
function service(...names: string[]): { database: Map<string, number>; instances: DrillInstance[] } {
  const database = new Map<string, number>();
  const instances = names.map((name) => ({
    name,
    write: async (item: string, version: number) => void database.set(item, version),
    read: async (item: string) => database.get(item),
  }));
  return { database, instances };
}

const short = { calm: '30ms', pace: '1ms', settleWithin: '50ms', itemsPerInstance: 2 } as const;
const noStrike = (): void => undefined;

describe('drillOutage', () => {
  it('reports that a service that is right lost nothing', async () => {
    const { instances } = service('a', 'b');
    const report = await drillOutage({ instances, strike: noStrike, ...short });
    expect(report).toMatchObject({ failed: [], ownStale: [], stale: [] });
    expect(report.calls).toBeGreaterThan(6);
  });

  it('lets each instance write its own items alone, and read those of others', async () => {
    const { database, instances } = service('a', 'b');
    const read = jest.spyOn(instances[0]!, 'read');
    await drillOutage({ instances, strike: noStrike, ...short });
    expect([...database.keys()].sort()).toEqual(['a-0', 'a-1', 'b-0', 'b-1']);
    expect(read.mock.calls.map(([item]) => item)).toEqual(expect.arrayContaining(['a-0', 'b-0']));
  });

  it('works before, during and after the strike', async () => {
    const { database, instances } = service('a');
    const seen: number[] = [];
    await drillOutage({
      instances,
      strike: async () => {
        seen.push(database.get('a-0') ?? 0);
        await new Promise((resolve) => setTimeout(resolve, 30));
        seen.push(database.get('a-0') ?? 0);
      },
      ...short,
    });
    seen.push(database.get('a-0') ?? 0);
    expect(seen[0]).toBeGreaterThan(0);
    expect(seen[1]).toBeGreaterThan(seen[0]!);
    expect(seen[2]).toBeGreaterThan(seen[1]!);
  });

  it('needs no second instance', async () => {
    const { instances } = service('a');
    await expect(drillOutage({ instances, strike: noStrike, ...short })).resolves.toMatchObject({
      stale: [],
    });
  });

  it('reports an instance that keeps showing an old version', async () => {
    const { database, instances } = service('a', 'b');
    const old = new Map<string, number>();
    instances[1]!.read = async (item) => {
      if (item.startsWith('b')) return database.get(item);
      if (!old.has(item)) old.set(item, database.get(item) ?? 0);
      return old.get(item);
    };
    const { stale, ownStale } = await drillOutage({ instances, strike: noStrike, ...short });
    expect(stale).toHaveLength(2);
    expect(stale[0]).toMatch(/^b: read a-0: \d+ instead of \d+$/);
    expect(ownStale).toEqual([]);
  });

  it('reports nothing of an instance that shows the last version in time', async () => {
    const { database, instances } = service('a', 'b');
    const late = new Map<string, number>();
    let reads = 0;
    instances[1]!.read = async (item) => {
      reads += 1;
      if (reads % 20 === 0) for (const [key, version] of database) late.set(key, version);
      return item.startsWith('b') ? database.get(item) : late.get(item);
    };
    const report = await drillOutage({ instances, strike: noStrike, ...short, settleWithin: '5s' });
    expect(report.stale).toEqual([]);
  });

  it('reports a read by which an instance does not see its own write', async () => {
    const { database, instances } = service('a');
    let reads = 0;
    instances[0]!.read = async (item) => {
      reads += 1;
      return reads === 1 ? undefined : database.get(item);
    };
    const { ownStale } = await drillOutage({ instances, strike: noStrike, ...short });
    expect(ownStale).toEqual([expect.stringMatching(/^a: read a-0: undefined instead of \d+$/)]);
  });

  it('reports calls that reject, and leaves open which version is right then', async () => {
    const { database, instances } = service('a');
    let writes = 0;
    instances[0]!.write = async (item, version) => {
      writes += 1;
      if (writes % 3 === 0) database.set(item, version);
      if (writes % 3 !== 1) throw new Error('503');
      database.set(item, version);
    };
    const { failed, stale, ownStale } = await drillOutage({ instances, strike: noStrike, ...short });
    expect(failed).toContain('a: write a-1: Error: 503');
    expect([...stale, ...ownStale]).toEqual([]);
  });

  it('reports how long the longest call took', async () => {
    const { instances } = service('a');
    const { read } = instances[0]!;
    instances[0]!.read = async (item) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return read(item);
    };
    const { longestMs } = await drillOutage({ instances, strike: noStrike, ...short });
    expect(longestMs).toBeGreaterThanOrEqual(19);
  });

  it('ends the work, and rejects, if the strike throws', async () => {
    const { database, instances } = service('a');
    const failing = drillOutage({ instances, strike: () => Promise.reject(new Error('no proxy')), ...short });
    await expect(failing).rejects.toThrow('no proxy');
    const before = new Map(database);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(database).toEqual(before);
  });

  it.each([
    [{ instances: [] }, 'instances must be a non-empty array of { name, write, read }'],
    [{ instances: [{ name: 'a' }] }, 'instances[0] must be an object with write() and read()'],
    [{ instances: service('a', 'a').instances }, 'instances must have different names, got a, a'],
    [{ strike: 1 }, 'strike must be a function'],
    [{ pace: 0 }, 'pace must be longer than 0'],
    [{ itemsPerInstance: 0 }, 'itemsPerInstance must be a positive integer'],
    [{ itemPerInstance: 1 }, 'itemPerInstance'],
  ])('refuses %j', async (wrong, message) => {
    const options = { instances: service('a').instances, strike: noStrike, ...(wrong as object) };
    const refused = drillOutage(options);
    await expect(refused).rejects.toThrow(ValidationError);
    await expect(refused).rejects.toThrow(message);
  });
});
