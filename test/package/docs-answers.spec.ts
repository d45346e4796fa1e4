import { describe, expect, it } from '@jest/globals';

import { headingsOf } from '../support/guides.js';
import { readText } from '../support/repository.js';

/** Questions of users, each with the page and the anchor of its answer, which links from outside may use. */
const answers: readonly (readonly [question: string, page: string, heading: string])[] = [
  ['T83: the order of an eviction and a transaction', 'recipes/evict-after-write', 'in-a-transaction'],
  ['T83: a transaction around several services', 'transactions', 'where-does-my-invalidation-go'],
  ['T83: evicting after the commit', 'transactions', 'how-do-i-evict-after-the-commit'],
  ['T84: testing a whole application', 'recipes/test-an-application', 'by-token'],
  [
    'T84: which classes use an overridden cache, and what closes it',
    'recipes/test-an-application',
    'who-follows-an-override',
  ],
  ['T88: versions of NestJS and Node', 'support', 'versions'],
  ['T88: bundlers', 'deploying', 'docker'],
  ['T88: other runtimes', 'deploying', 'bun'],
  ['T88: Kubernetes', 'deploying', 'kubernetes'],
  ['T88: PM2', 'deploying', 'pm2-and-nodes-cluster'],
  ['T88: serverless', 'deploying', 'lambda-serverless'],
  ['T88: ORMs and their types', 'orms', 'typeorm'],
  ['T88: sharing a connection with the application', 'production', 'connections'],
  ['T88: sizes', 'production', 'sizing'],
  ['T88: listing keys, one value', 'faq', 'i-cannot-see-what-is-in-the-cache'],
  ['T88: the Cache type of the browser, and unknown results', 'faq', 'typescript-complains'],
  ['T88: writes without a key', 'faq', 'a-write-fails-or-is-not-made'],
  ['T88: useExisting', 'faq', 'is-it-meant-to-be-so'],
  ['T88: an old value', 'faq', 'my-value-is-old'],
  ['T88: an outage at night', 'when-redis-fails', 'which-failure-is-it'],
  ['T88: moving from another cache', 'migrating', 'step-by-step'],
  ['T88: a checklist for production', 'production', 'before-production'],
  ['T88: the life of an entry in one timeline', 'concepts', 'what-happens-to-an-entry-over-time'],
];

describe('the guides have a section on', () => {
  it.each(answers)('%s', async (_question, page, heading) => {
    expect([...headingsOf(await readText(`docs/${page}.md`))]).toContain(heading);
  });
});
