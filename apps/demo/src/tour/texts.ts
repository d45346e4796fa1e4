import { readFile } from 'node:fs/promises';

/** The texts in `data/`, next to both `src` and `dist`. */
export async function readText(name: string): Promise<string> {
  return readFile(new URL(`../../data/${name}.txt`, import.meta.url), 'utf8');
}

export function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}
