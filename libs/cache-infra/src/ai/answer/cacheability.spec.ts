import type { AiOutput } from './output.js';
import { completeFinishReasons, finishReasonSet, whyNotStored } from './cacheability.js';

const complete = finishReasonSet();

describe('which answers are stored', () => {
  it.each<[string, AiOutput<unknown>]>([
    ['text', { value: 'yes' }],
    ['false', { value: false }],
    ['0', { value: 0 }],
    ['a date', { value: new Date(0) }],
    ['bytes', { value: new Uint8Array(1) }],
    ['a complete answer', { value: 'yes', finishReason: 'stop' }],
    ['a finish reason in other letters', { value: 'yes', finishReason: 'END_TURN' }],
    ['no finish reason', { value: 'yes', finishReason: undefined }],
    [
      'A13: the finish reason of AI SDK middleware',
      { value: 'x', finishReason: { unified: 'stop', raw: 'stop' } },
    ],
    ['A14: a value without an error', { value: { isError: false } }],
    ['A15: a vector', { value: new Float32Array([0, 1]) }],
    ['A15: a list of zeros, which may be labels', { value: [0, 0] }],
    ['status 200', { value: 'yes', status: 200 }],
    ['status 399', { value: 'yes', status: 399 }],
    ['an empty list that is said to be an answer', { value: [], empty: false }],
  ])('%s', (_name, output) => {
    expect(whyNotStored(output, complete)).toBeUndefined();
  });

  it.each(completeFinishReasons.map((reason) => [reason]))('finish reason %s', (finishReason) => {
    expect(whyNotStored({ value: 'yes', finishReason }, complete)).toBeUndefined();
  });

  it('a finish reason of the settings', () => {
    expect(
      whyNotStored({ value: 'yes', finishReason: 'Fertig' }, finishReasonSet(['fertig'])),
    ).toBeUndefined();
  });
});

describe('which answers are never stored', () => {
  it.each<[string, AiOutput<unknown>]>([
    ['undefined', { value: undefined }],
    ['error', { value: new TypeError('no') }],
    ['error-status', { value: 'yes', status: 400 }],
    ['error-status', { value: 'yes', status: 429 }],
    ['error-status', { value: 'yes', status: 503 }],
    ['error-status', { value: 'yes', status: NaN }],
    ['unfinished', { value: 'yes', finishReason: 'length' }],
    ['unfinished', { value: 'yes', finishReason: 'max_tokens' }],
    ['unfinished', { value: 'yes', finishReason: 'content_filter' }],
    ['unfinished', { value: 'yes', finishReason: 'SAFETY' }],
    ['unfinished', { value: 'yes', finishReason: 'refusal' }],
    ['unfinished', { value: 'yes', finishReason: 'aborted' }],
    ['unfinished', { value: 'yes', finishReason: 'something new' }],
    ['unfinished', { value: 'yes', finishReason: '' }],
    ['unfinished', { value: 'yes', finishReason: { unified: 'length', raw: 'stop' } }],
    ['empty', { value: null }],
    ['empty', { value: '' }],
    ['empty', { value: ' \n' }],
    ['empty', { value: [] }],
    ['empty', { value: {} }],
    ['empty', { value: new Map() }],
    ['empty', { value: new Set() }],
    ['empty', { value: new Uint8Array() }],
    ['empty', { value: { choices: [{ text: '' }] }, empty: true }],
  ])('%s: %j', (reason, output) => {
    expect(whyNotStored(output, complete)).toBe(reason);
  });

  it('A11: an answer whose finish reason is null, which providers send before the end', () => {
    expect(whyNotStored({ value: 'half an ans', finishReason: null }, complete)).toBe('unfinished');
  });

  it.each([[5], [{}], [{ unified: 5 }], [[]]])(
    'A13: an answer whose finish reason is no text: %j',
    (reason) => {
      expect(whyNotStored({ value: 'x', finishReason: reason as never }, complete)).toBe('unfinished');
    },
  );

  it('A14: the result of a tool that failed', () => {
    expect(whyNotStored({ value: { isError: true, content: [] } }, complete)).toBe('error');
  });

  it.each([[[NaN, 1]], [new Float32Array([1, NaN])], [new Float32Array(3)], [new Float64Array(3)]])(
    'A15: a vector that means nothing: %p',
    (value) => {
      expect(whyNotStored({ value }, complete)).toBe('empty');
    },
  );
});
