import type { AiStream } from '../ai/index.js';

/**
 * A stream of the AI cache as a `ReadableStream`, with the chunks that `isWanted`. Resolves with the first chunk, and
 * rejects if there is none: the SDK repeats a call that fails before its stream begins.
 */
export async function readableOf<C>(
  stream: AiStream<C>,
  isWanted: (chunk: C) => boolean,
): Promise<ReadableStream<C>> {
  const chunks = stream[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<C, void>> => {
    for (;;) {
      const result = await chunks.next();
      if (result.done === true || isWanted(result.value)) return result;
    }
  };
  let first: IteratorResult<C, void> | undefined = await next();
  return new ReadableStream<C>(
    {
      async pull(controller) {
        const result = first ?? (await next());
        first = undefined;
        if (result.done === true) controller.close();
        else controller.enqueue(result.value);
      },
      cancel: () => stream.cancel(),
    },
    { highWaterMark: 0 },
  );
}
