import { aiInMemory, aiRequest as request, all, chunksOf } from '../../../../../test/support/ai-calls.js';
import { expectNoUnhandledRejections } from '../../../../../test/support/unhandled-rejections.js';
import { within } from '../../../../../test/support/within.js';

expectNoUnhandledRejections();

async function wireOf(...chunks: readonly unknown[]): Promise<string> {
  const { ai } = aiInMemory();
  const frames = await all(ai.stream('chat', request, () => chunksOf(...chunks)).toSse());
  return Buffer.concat(frames.map((frame) => Buffer.from(frame))).toString();
}

function dataOf(wire: string): string {
  return wire
    .split('\n\n')
    .filter((frame) => frame.startsWith('data: '))
    .map((frame) => frame.slice('data: '.length))
    .join('');
}

it('a character that the border of two chunks splits survives', async () => {
  expect(dataOf(await wireOf('a\ud83d', '\ude00b'))).toBe('a😀b');
});

it('bytes are sent as their text', async () => {
  expect(dataOf(await wireOf(new TextEncoder().encode('hello')))).toBe('hello');
});

it('no event tells the key', async () => {
  const { ai } = aiInMemory();
  const stream = ai.stream('chat', request, () => chunksOf('a'));
  const wire = (await all(stream.toSse())).join('');
  expect(wire).not.toContain((await stream.done).key);
});

it('data() and error() that throw end the stream with an event that tells nothing of them', async () => {
  const { ai } = aiInMemory();
  const frames = ai
    .stream('chat', request, () => chunksOf('a', 'b'))
    .toSse({
      data: () => {
        throw new Error('bad data');
      },
      error: () => {
        throw new Error('bad error');
      },
    });
  const read = all(frames).then((each) => each.join(''));
  const wire = await within(2000, read);
  expect(wire).toContain('event: error\ndata: {"message":"the answer failed"}');
  expect(wire).not.toContain('bad');
});
