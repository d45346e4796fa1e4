import { describe, expect, it } from '@jest/globals';

import { headingsOf } from '../support/guides.js';
import { readText } from '../support/repository.js';

/** Questions of users, each with the page and the anchor of its answer, which links from outside may use. */
const answers: readonly (readonly [question: string, page: string, heading: string])[] = [
  ['T83: the order of an eviction and a transaction', 'recipes/evict-after-write', 'in-a-transaction'],
  [
    'T83: a transaction around several services',
    'recipes/evict-after-write',
    'a-transaction-around-several-services',
  ],
  ['T83: evicting after the commit', 'recipes/evict-after-write', 'after-the-commit'],
  ['T84: testing a whole application', 'recipes/test-an-application', 'by-token'],
  [
    'T84: which classes use an overridden cache, and what closes it',
    'recipes/test-an-application',
    'who-follows-an-override',
  ],
  ['T88: versions of NestJS and Node, other runtimes, bundlers', 'questions', 'versions-and-runtimes'],
  ['T88: platforms: Kubernetes, PM2, serverless', 'questions', 'where-it-runs'],
  ['T88: ORMs and their types', 'questions', 'databases'],
  ['T88: sharing a connection with the application, listing keys, sizes, one value', 'questions', 'redis'],
  ['T88: the Cache type of the browser, and unknown results', 'questions', 'typescript'],
  ['T88: useExisting, and writes without a key', 'questions', 'decisions-that-surprise'],
  ['T88: a checklist for production', 'production', 'before-production'],
  ['T88: the life of an entry in one timeline', 'loading', 'the-life-of-an-entry'],
];

describe('the guides have a section on', () => {
  it.each(answers)('%s', async (_question, page, heading) => {
    expect([...headingsOf(await readText(`docs/${page}.md`))]).toContain(heading);
  });
});
