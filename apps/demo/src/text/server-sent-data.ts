import { TextEngineError } from './text-engine.js';

/** Most characters of one event. */
const maxEventLength = 1_000_000;

/**
 * The data of server-sent events (WHATWG HTML §9.2), for streams of a language model: only `data` fields count. An
 * event that the end of the stream cuts off is dropped.
 *
 * @throws TextEngineError when an event is longer than 1,000,000 characters
 */
export async function* serverSentData(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  let data: string[] = [];
  let length = 0;
  for await (const line of linesOf(bytes)) {
    if (line === '') {
      if (data.length > 0) yield data.join('\n');
      data = [];
      length = 0;
    } else if (line.startsWith('data:')) {
      data.push(line.slice('data:'.length).replace(/^ /, ''));
      length += line.length;
      assertBounded(length);
    }
  }
}

/** A carriage return at the end of a chunk may belong to a line feed in the next: it stays until more is known. */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    assertBounded(rest.length);
    yield* lines;
  }
  if (rest.endsWith('\r')) yield rest.slice(0, -1);
}

function assertBounded(length: number): void {
  if (length <= maxEventLength) return;
  throw new TextEngineError(
    'bad-answer',
    `an event of the language model server exceeds ${maxEventLength} characters`,
  );
}
