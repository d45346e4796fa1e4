import type { DemoClient } from './http.js';
import type { Report } from './report.js';

interface Refusal {
  message: string | string[];
}

const badRequests = [
  {
    path: '/ai/summarize',
    body: { text: ' ', maxSentences: 'three' },
    status: 400,
    reason: /text must not be empty/,
  },
  {
    path: '/ai/keywords',
    body: { text: 'Some text.', limits: 5 },
    status: 400,
    reason: /limits should not exist/,
  },
  {
    path: '/ai/sentiment',
    body: { text: 'Some text.', model: 'none' },
    status: 400,
    reason: /model must be one of/,
  },
  {
    path: '/ai/translate',
    body: { text: 'Some text.' },
    status: 404,
    reason: /there are summarize, sentiment/,
  },
];

/** Invalid requests are rejected with every reason. */
export async function tourBadRequests(demo: DemoClient, report: Report): Promise<void> {
  for (const { path, body, status, reason } of badRequests) {
    const reply = await demo.post<Refusal>(path, body);
    const message = [reply.body.message].flat().join('; ');
    report.check(
      `POST ${path} ${JSON.stringify(body)}`,
      reply.status === status && reason.test(message),
      reply,
    );
    report.line(`          ${reply.status}: ${message}`);
  }
}
