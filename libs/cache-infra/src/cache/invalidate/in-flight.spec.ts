import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';

import { collectGarbage } from '../../benchmarks/machine.js';
import { InFlight, type Supersedable } from './in-flight.js';

interface Work extends Supersedable {
  readonly held?: readonly number[];
}

function minorCollection(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  return () => {
    collect({ type: 'minor' });
  };
}

describe('InFlight', () => {
  it('knows the last work of a key, until that has ended', () => {
    const inFlight = new InFlight<Work>();
    const [first, second] = [{ superseded: false }, { superseded: false }];
    inFlight.start('a', first);
    inFlight.start('a', second);
    inFlight.end('a', first);
    expect(inFlight.get('a')).toBe(second);
    expect(first.superseded).toBe(false);
    inFlight.end('a', second);
    expect(inFlight.size).toBe(0);
  });

  it('loses nothing while many come and go', () => {
    const inFlight = new InFlight<Work>();
    const staying = Array.from({ length: 700 }, () => ({ superseded: false }));
    staying.forEach((work, i) => {
      inFlight.start(`staying ${String(i)}`, work);
    });
    for (let i = 0; i < 5000; i++) {
      const work = { superseded: false };
      inFlight.start(`passing ${String(i)}`, work);
      inFlight.end(`passing ${String(i)}`, work);
    }
    expect(inFlight.size).toBe(700);
    expect([...inFlight.entries()].map(([, work]) => work)).toEqual(staying);
    inFlight.supersedeWhere((id) => id.endsWith('7'));
    expect(staying.filter(({ superseded }) => superseded)).toHaveLength(70);
    expect(inFlight.size).toBe(630);
  });

  it('keeps nothing from minor collections that has ended, also when its own table has grown old', () => {
    const collect = minorCollection();
    const inFlight = new InFlight<Work>();
    const running: [string, Work][] = [];
    const step = (i: number): void => {
      const work: [string, Work] = [
        `key ${String(i % 64)}`,
        { superseded: false, held: new Array<number>(500).fill(i) },
      ];
      inFlight.start(...work);
      running.push(work);
      const ended = running.length > 32 ? running.shift() : undefined;
      if (ended !== undefined) inFlight.end(...ended);
    };
    for (let i = 0; i < 100; i++) step(i);
    // Everything that is alive is old from now on.
    collectGarbage();
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 4000; i++) {
      step(i);
      if (i % 100 === 99) collect();
    }
    // With a single map, ended work holds 16 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5e6);
  });
});
