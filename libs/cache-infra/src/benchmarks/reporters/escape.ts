const htmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes HTML text and quoted attributes. Replaces control characters, which HTML does not allow. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => htmlEntities[character] as string);
}

/** Escapes a cell of a Markdown table: markup, HTML, cell and line ends. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .replaceAll(/[\\`*_[\]<>|#~&@!]/g, (character) => `\\${character}`);
}

/** Escapes the message of a GitHub Actions workflow command. */
export function escapeCommand(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** Escapes invisible and control characters for a terminal. */
export function escapeTerminal(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) =>
    JSON.stringify(character).slice(1, -1).replace('\u007f', '\\u007f'),
  );
}
