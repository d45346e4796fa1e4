/**
 * Characters that are not seen, or that change how the text beside them is seen: control characters but for line
 * breaks and tabs, and the embeddings, overrides and isolates of writing directions.
 */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** A text with unseen characters as `⟨202E⟩`: a key looks like no other key. */
export function printable(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return `⟨${code}⟩`;
  });
}

/** A name that fits into a sentence: at most 36 characters. */
export function brief(name: string): string {
  const characters = [...name];
  return characters.length <= 36 ? name : `${characters.slice(0, 35).join('')}…`;
}
