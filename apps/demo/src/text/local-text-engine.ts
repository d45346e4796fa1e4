import { Injectable } from '@nestjs/common';
import { entities } from './entities.js';
import { keywords } from './keywords.js';
import type { ParsedText } from './parse.js';
import { readability } from './readability.js';
import { sentiment } from './sentiment.js';
import { summarize } from './summarize.js';
import { TextEngine } from './text-engine.js';
import type { TextAnswer, TextRequest } from './text-engine.js';
import type { Operation, OperationOptions, OperationResults } from './text.types.js';

type Analyzers = {
  [O in Operation]: (text: string, parsed: ParsedText, options: OperationOptions[O]) => OperationResults[O];
};

const analyzers: Analyzers = {
  summarize: (text, parsed, { maxSentences }) => summarize(text, parsed, maxSentences),
  sentiment: (_, parsed, { limit }) => sentiment(parsed, limit),
  keywords: (_, parsed, { limit }) => keywords(parsed, limit),
  entities: (_, parsed, { limit }) => entities(parsed, limit),
  readability: (_, parsed, { wordsPerMinute }) => readability(parsed, wordsPerMinute),
};

/** Classic text analysis in this process: no server, no key, no network. */
@Injectable()
export class LocalTextEngine extends TextEngine {
  readonly name = 'local';
  readonly models = ['wink-eng-lite'] as const;

  async analyze<O extends Operation>(request: TextRequest<O>, signal: AbortSignal): Promise<TextAnswer<O>> {
    signal.throwIfAborted();
    // Load the language model on the first request, so that it does not delay the start.
    const { parse } = await import('./parse.js');
    return { result: analyzers[request.operation](request.text, parse(request.text), request.options) };
  }
}
