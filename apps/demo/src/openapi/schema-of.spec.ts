import { describe, expect, it } from '@jest/globals';
import { schemaOf } from './schema-of.js';

describe('the schema of an example', () => {
  it('has the types of the example, and the example', () => {
    const example = { name: 'default', hits: 12, isOpen: true, groups: [{ name: 'chat' }], tier: null };

    expect(schemaOf(example)).toEqual({
      type: 'object',
      properties: {
        name: { type: 'string' },
        hits: { type: 'number' },
        isOpen: { type: 'boolean' },
        groups: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
        tier: { type: 'string', nullable: true },
      },
      example,
    });
  });
});
