const htmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for attributes in quotes. Characters that steer a device are in no place of HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => htmlEntities[character] as string);
}

/** For a cell of a Markdown table: no markup, no HTML, no end of the cell or the line. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .replaceAll(/[\\`*_[\]<>|#~&@!]/g, (character) => `\\${character}`);
}

/** For the message of a workflow command of GitHub Actions. */
export function escapeCommand(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** For a terminal: what is invisible, or steers it, is shown as an escape. */
export function escapeTerminal(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) =>
    JSON.stringify(character).slice(1, -1).replace('\u007f', '\\u007f'),
  );
}
