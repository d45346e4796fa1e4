import { lessonOf, type Experiment, type Measured, type RedisState } from './lesson-words.js';
import type { ShownExperiment } from './live-state.js';
import { lanesOf, type Instance } from './stage.js';
import { sumOf } from './tally.js';

/** An experiment that runs or is over. */
interface Run {
  readonly experiment: Experiment;
  readonly number: number;
  readonly redis: RedisState;
  /** Undefined while it runs. */
  result?: Measured;
}

/** Counts what each way to read does during an experiment. One runs at a time. */
export class Experiments {
  #latest: Run | undefined;
  #count = 0;

  constructor(
    private readonly instances: readonly Instance[],
    private readonly callers: number,
    private readonly tell: (text: string) => void,
  ) {}

  /** Counts from now on. An experiment that still runs is over. */
  begin(experiment: Experiment, redis: RedisState): void {
    this.#end(this.#latest);
    this.#count += 1;
    for (const lane of lanesOf(this.instances)) lane.beginExperiment();
    this.#latest = { experiment, number: this.#count, redis };
  }

  /** Ends the latest experiment, if it is one of these and still runs. */
  end(...experiments: readonly Experiment[]): void {
    if (this.#latest !== undefined && experiments.includes(this.#latest.experiment)) this.#end(this.#latest);
  }

  /** Ends the latest experiment after `ms` milliseconds, unless another one began. */
  endAfter(ms: number): void {
    const run = this.#latest;
    setTimeout(() => {
      if (run === this.#latest) this.#end(run);
    }, ms).unref();
  }

  forget(): void {
    this.#latest = undefined;
  }

  shown(): ShownExperiment | null {
    if (this.#latest === undefined) return null;
    const { experiment, number, result } = this.#latest;
    const measured = result ?? this.#measured(this.#latest);
    const { map, cache } = measured;
    return { experiment, number, isOver: result !== undefined, map, cache, lesson: lessonOf(measured) };
  }

  #end(run: Run | undefined): void {
    if (run === undefined || run.result !== undefined) return;
    run.result = this.#measured(run);
    const { map, cache } = lessonOf(run.result);
    this.tell(`${map.text} ${cache.text}`);
  }

  #measured({ experiment, redis }: Run): Measured {
    return {
      experiment,
      redis,
      callers: this.callers,
      map: sumOf(this.instances.map(({ map }) => map.experiment)),
      cache: sumOf(this.instances.map(({ cache }) => cache.experiment)),
    };
  }
}
