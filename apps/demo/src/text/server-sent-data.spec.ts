import { serverSentData } from './server-sent-data.js';
import { TextEngineError } from './text-engine.js';

async function dataOf(...chunks: readonly (string | Uint8Array)[]): Promise<string[]> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
  }
  const found: string[] = [];
  for await (const data of serverSentData(bytes())) found.push(data);
  return found;
}

describe('serverSentData', () => {
  it.each(['\n', '\r\n', '\r'])('reads events whose lines end by %j', async (end) => {
    const text = ['event: x', 'data: one', '', ': comment', 'data:two', 'data: three', '', ''].join(end);

    expect(await dataOf(text)).toEqual(['one', 'two\nthree']);
  });

  it.each(['data: né\n\ndata: 日本\n\n', 'data: né\r\n\r\ndata: 日本\r\n\r\n'])(
    'reads %j however it is cut',
    async (text) => {
      const bytes = new TextEncoder().encode(text);
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(await dataOf(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(['né', '日本']);
      }
    },
  );

  it('drops an event that the end cuts off', async () => {
    expect(await dataOf('data: one\n\ndata: tw')).toEqual(['one']);
  });

  it('refuses an event without an end', async () => {
    await expect(dataOf('data: ', 'x'.repeat(1_000_001))).rejects.toThrow(TextEngineError);
    await expect(dataOf('data: x\n'.repeat(1_000_001))).rejects.toThrow(TextEngineError);
  });
});
