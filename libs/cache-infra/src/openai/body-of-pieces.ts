import { untilAborted } from '../ai/call/until-aborted.js';

/**
 * The body of a response, of pieces of text. It breaks with `signal`, as the body of `fetch` does.
 *
 * @param leave called when the reader wants no more; it ends the pieces, if they are to end
 */
export function bodyOf(
  pieces: AsyncIterator<string, void>,
  leave: () => void,
  signal?: AbortSignal,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const stop = (): void => {
    leave();
    // Read to the end, so that the pieces do not end because of this reader. Not awaited: they may be long in coming.
    drain(pieces).catch(ignore);
  };
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          signal?.throwIfAborted();
          const next = pieces.next();
          const { done, value } = await (signal === undefined ? next : untilAborted(next, signal));
          if (done === true) controller.close();
          else controller.enqueue(encoder.encode(value));
        } catch (error) {
          stop();
          throw error;
        }
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  );
}

async function drain(pieces: AsyncIterator<string, void>): Promise<void> {
  while ((await pieces.next()).done !== true);
}

function ignore(): void {
  // The reader is gone.
}
