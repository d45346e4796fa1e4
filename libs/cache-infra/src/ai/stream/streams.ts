import { CacheError } from '../../base/errors.js';
import { watchLoad } from '../../cache/load/awaited-loads.js';
import { defaultShape, chunksOf } from '../answer/shape.js';
import type { Answers } from '../call/answers.js';
import type { Call, Ended } from '../call/call.js';
import { answerTo, loadBehind, since } from '../call/produce.js';
import type { AiContext, Produce } from '../call/producer.js';
import type { Results } from '../call/results.js';
import type { ResolvedSettings } from '../call/settings.js';
import { untilAborted } from '../call/until-aborted.js';
import { AiStream } from './ai-stream.js';
import { ChunkIterator } from './chunk-iterator.js';
import { Opening } from './opening.js';
import { live, statusOf, type Origin } from './origin.js';
import type { ProduceStream } from './producer.js';
import { record } from './record.js';
import { Recording } from './recording.js';
import { Recordings } from './recordings.js';

/** Opens streams: each reader gets the stored answer, or reads the recording of the production that runs. */
export class Streams {
  readonly #cacheName: string;
  readonly #settings: ResolvedSettings;
  readonly #answers: Answers;
  readonly #results: Results;
  readonly #recordings = new Recordings();

  constructor(cacheName: string, settings: ResolvedSettings, answers: Answers, results: Results) {
    this.#cacheName = cacheName;
    this.#settings = settings;
    this.#answers = answers;
    this.#results = results;
  }

  open<C>(given: Call, produce: ProduceStream<C>): AiStream<C> {
    const leaving = new AbortController();
    const call = withSignal(given, leaving.signal);
    const opening = new Opening(mayJoin(call));
    const { signal } = call.control;
    if (signal !== undefined) {
      watchLoad(signal, (load) => {
        this.#recordings.when(load, (recording) => {
          opening.found(recording);
        });
      });
    }
    const ended = this.#answers.get(call, this.#recorder(call, produce, opening));
    ended.then(opening.answered, opening.failed);
    const leave = (): void => {
      opening.leave();
      if (opening.isLive) leaving.abort(new DOMException('the reader left the stream', 'AbortError'));
    };
    const done = this.#counted(call, this.#endOf(call, opening, ended));
    const source = opening.origin.then((origin) => sourceOf(call, origin));
    const status = opening.origin.then((origin) => statusOf(call, origin, this.#results, this.#cacheName));
    const chunks = new ChunkIterator<C>(source, given.control.signal, leave);
    return new AiStream<C>({ status, done, chunks });
  }

  /** A producer that records. Other streams join the recording by the load that it belongs to. */
  #recorder(call: Call, produce: ProduceStream<unknown>, opening: Opening): Produce<unknown> {
    return async (ctx) => {
      const load = loadBehind(ctx);
      // A reader of the live stream has its answer: a production of its own would have no reader.
      if (load === undefined && opening.isDecided) throw new CacheError('the stream is being read');
      const recording = new Recording(this.#settings.maxRecordedBytes);
      opening.own = recording;
      if (load === undefined) opening.found(recording);
      else this.#recordings.begin(load, recording);
      return this.#record(call, ctx, produce, recording);
    };
  }

  #record(call: Call, ctx: AiContext, produce: ProduceStream<unknown>, recording: Recording) {
    const { faults, clock } = this.#settings;
    const start = clock.now();
    return record(ctx, {
      produce,
      recording,
      join: (chunks) => {
        try {
          return { value: shapeOf(call).join(chunks) };
        } catch (error) {
          faults.threw('shape.join', call.operation, error, 'the answer is not stored');
          return undefined;
        }
      },
      conclude: async (output) => {
        const producedMs = since(this.#settings, start);
        recording.settle(await answerTo(this.#settings, call, output, { producedMs }));
      },
    });
  }

  /** How a stream ended: of a live one by its recording, whatever the cache made of it. */
  async #endOf(call: Call, opening: Opening, ended: Promise<Ended<unknown>>): Promise<Ended<unknown>> {
    const origin = await opening.origin;
    if (origin.from === 'stored') return origin.ended;
    const { signal } = call.control;
    const answered = origin.recording.outcome;
    const answer = await (signal === undefined ? answered : untilAborted(answered, signal));
    const stored = await ended.catch(() => undefined);
    const isSame = stored !== undefined && stored.how !== 'hit';
    const bypassed = answer.bypassed ?? (isSame ? stored.answer.bypassed : undefined);
    return {
      answer: bypassed === undefined ? answer : { ...answer, bypassed },
      how: live(call, origin.isProducer),
    };
  }

  #counted(call: Call, ended: Promise<Ended<unknown>>) {
    return ended.then(
      (each) => {
        const { value: _, ...end } = this.#results.of(call, each);
        return end;
      },
      (error: unknown) => {
        this.#results.failed(call);
        throw error;
      },
    );
  }
}

function sourceOf(call: Call, origin: Origin) {
  if (origin.from === 'live') {
    const { reader, recording } = origin;
    return { from: 'live' as const, reader, changed: () => recording.changed() };
  }
  const { value, chunks } = origin.ended.answer;
  return { from: 'stored' as const, chunks: () => chunks ?? chunksOf(shapeOf(call), value) };
}

/** Whether a call may read the chunks of another before that answer is complete. `accept` needs the whole answer. */
function mayJoin({ control, settings }: Call): boolean {
  const { refresh, accept } = control;
  return refresh !== true && accept === undefined && settings.accept === undefined;
}

function shapeOf({ control, settings }: Call) {
  return control.shape ?? settings.shape ?? defaultShape;
}

function withSignal(call: Call, leaving: AbortSignal): Call {
  const { signal } = call.control;
  // Always a signal of its own: the loads of a call are watched by it.
  const both = signal === undefined ? leaving : AbortSignal.any([signal, leaving]);
  return { ...call, control: { ...call.control, signal: both } };
}
