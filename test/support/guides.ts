import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { readText, root } from './repository.js';

/** A fenced block of code in a guide. */
export interface Block {
  /** `docs/caches.md:12`, the line of its fence. */
  readonly where: string;
  readonly language: string;
  readonly code: string;
}

/** The Markdown files in and below a directory of the repository. */
export async function guidesUnder(directory: string): Promise<string[]> {
  const entries = await readdir(join(root, directory), { recursive: true });
  return entries.filter((path) => path.endsWith('.md')).map((path) => `${directory}/${path}`);
}

export async function blocksOf(guide: string): Promise<Block[]> {
  const text = await readText(guide);
  return [...text.matchAll(/^```(\S*)[^\n]*\n(.*?)^```$/gms)].map(
    ({ index, 1: language = '', 2: code = '' }) => {
      const line = text.slice(0, index).split('\n').length;
      return { where: `${guide}:${String(line)}`, language, code };
    },
  );
}

/** What a reader reads: the text without its blocks of code. */
export function proseOf(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '');
}

/** As GitHub makes anchors of headings. */
export function headingsOf(text: string): Set<string> {
  const headings = [...proseOf(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
  return new Set(headings);
}
