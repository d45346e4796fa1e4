import type { AiContext, AiOutput } from '../ai/index.js';
import type { StoredGeneration } from './generations.js';

export type Stored = readonly StoredGeneration[];

/** The answer of a model call that has not come. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** A model call that has begun. A load of the AI cache waits for its answer. */
export class ModelCall {
  readonly output: Promise<AiOutput<Stored>>;
  /** True if the load has ended well, whether it stored the answer or not. */
  readonly ended: Promise<boolean>;
  #resolveOutput!: (output: AiOutput<Stored>) => void;
  #rejectOutput!: (error: NoAnswer) => void;
  #resolveEnded!: (isWell: boolean) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #ctx: AiContext;

  constructor(
    readonly prompt: string,
    ctx: AiContext,
    maxWaitMs: number,
    giveUp: () => void,
  ) {
    this.#ctx = ctx;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.output = new Promise((onOutput, onError) => {
      this.#resolveOutput = onOutput;
      this.#rejectOutput = onError;
    });
    this.#timer = setTimeout(() => {
      giveUp();
      this.fail();
    }, maxWaitMs);
    // The callers that wait have timers of their own.
    this.#timer.unref();
  }

  answer(output: AiOutput<Stored>): void {
    clearTimeout(this.#timer);
    this.#resolveOutput(output);
  }

  /** Lets the callers that wait for the answer ask the model themselves. */
  fail(): void {
    clearTimeout(this.#timer);
    this.#rejectOutput(new NoAnswer('the model call has brought no answer'));
  }

  end(isWell: boolean): void {
    this.#resolveEnded(isWell);
  }

  skipStore(): void {
    this.#ctx.skipStore();
  }
}

/** The model calls that run, by prompt and model. */
export class ModelCalls {
  readonly #running = new Map<string, ModelCall[]>();
  readonly #maxWaitMs: number;

  /** @param maxWaitMs the longest that a load waits for the answer of a call */
  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs;
  }

  /**
   * Registers a call. An invalidation during a call lets a second one begin beside it. Which of them an answer belongs
   * to cannot be told, so none of the answers is stored.
   */
  begin(id: string, prompt: string, ctx: AiContext): ModelCall {
    const running = this.#running.get(id) ?? [];
    this.#running.set(id, running);
    const call = new ModelCall(prompt, ctx, this.#maxWaitMs, () => {
      this.#remove(id, call);
    });
    running.push(call);
    if (running.length > 1) for (const each of running) each.skipStore();
    return call;
  }

  /** The oldest running call, which an answer ends. */
  take(id: string): ModelCall | undefined {
    const call = this.#running.get(id)?.[0];
    if (call !== undefined) this.#remove(id, call);
    return call;
  }

  /** Ends a call that has failed: the oldest one with this prompt. */
  fail(prompt: string): void {
    for (const [id, running] of this.#running) {
      const call = running.find((each) => each.prompt === prompt);
      if (call === undefined) continue;
      this.#remove(id, call);
      call.fail();
      return;
    }
  }

  #remove(id: string, call: ModelCall): void {
    const left = this.#running.get(id)?.filter((each) => each !== call) ?? [];
    if (left.length === 0) this.#running.delete(id);
    else this.#running.set(id, left);
  }
}
