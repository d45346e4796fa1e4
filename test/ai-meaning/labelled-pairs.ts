import { readText } from '../support/repository.js';

export interface LabelledPair {
  /** The kind of the difference between the two: the heading that the pair stands under. */
  readonly kind: string;
  readonly one: string;
  readonly other: string;
}

/** The pairs of a file: `## kind` headings, one pair a line as `question | question`; lines with `# ` are comments. */
export async function labelledPairs(name: string): Promise<readonly LabelledPair[]> {
  const pairs: LabelledPair[] = [];
  let kind = '';
  for (const line of (await readText(`test/ai-meaning/${name}`)).split('\n')) {
    if (line.startsWith('## ')) kind = line.slice(3);
    if (line === '' || /^##? /.test(line)) continue;
    const [one, other, ...more] = line.split(' | ');
    if (one === undefined || other === undefined || more.length > 0)
      throw new Error(`${name}: not "question | question": ${line}`);
    pairs.push({ kind, one, other });
  }
  return pairs;
}
