import { readFileSync } from 'node:fs';
import { Knowledge, readArticles } from './knowledge.js';

const articles = readArticles(readFileSync(new URL('../../data/cache-faq.md', import.meta.url), 'utf8'));
const knowledge = new Knowledge(articles);

describe('Knowledge', () => {
  it('finds each article by its own question', () => {
    expect(articles.length).toBeGreaterThan(15);
    for (const { question } of articles) expect(knowledge.find(question)?.question).toBe(question);
  });

  it.each([
    ['Why do a thousand callers hit the database when one entry expires?', 'What is a cache stampede?'],
    ['is redis needed, or is memory enough', 'What is the difference between L1 and L2? Memory or Redis?'],
    ['What if Redis goes down?', 'What happens when Redis is down or slow?'],
    ['can I cache streaming tokens', 'How can a streamed answer be cached?'],
  ])('finds the article about "%s"', (question, article) => {
    expect(knowledge.find(question)?.question).toBe(article);
  });

  it.each(['Who won the marathon?', 'Is it?', '…'])('knows nothing about "%s"', (question) => {
    expect(knowledge.find(question)).toBeUndefined();
  });

  it('has answers of a short and a long form, in which no paragraph is longer than 60 words', () => {
    for (const { paragraphs } of articles) {
      expect(paragraphs.length).toBe(2);
      for (const each of paragraphs) expect(each.split(/\s+/).length).toBeLessThanOrEqual(60);
    }
  });
});
