import { brief, printable } from './printable.js';

describe('texts from outside', () => {
  it.each([
    ['user:1', 'user:1'],
    ['a\u0000b\u001b[31m', 'a⟨0000⟩b⟨001B⟩[31m'],
    ['\u202Elive\u202C:x', '⟨202E⟩live⟨202C⟩:x'],
    ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
    ['مرحبا 👩‍👩‍👧', 'مرحبا 👩‍👩‍👧'],
  ])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown));

  it('are cut to fit into a sentence, between characters', () => {
    expect(brief('short')).toBe('short');
    expect(brief('x'.repeat(36))).toHaveLength(36);
    expect(brief('🧊'.repeat(40))).toBe(`${'🧊'.repeat(35)}…`);
  });
});
