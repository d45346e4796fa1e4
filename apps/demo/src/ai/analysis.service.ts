import { BadRequestException, Injectable } from '@nestjs/common';
import { AiCacheService, InjectAiCache } from 'nestjs-cache-infra';
import { TextEngine } from '../text/text-engine.js';
import type { Operation, OperationOptions } from '../text/text.types.js';
import type { Analysis } from './analysis.js';
import type { Ask } from './ask.decorator.js';

export interface AnalysisInput<O extends Operation> {
  text: string;
  model: string | undefined;
  options: OperationOptions[O];
}

@Injectable()
export class AnalysisService {
  constructor(
    @InjectAiCache('ai') private readonly cache: AiCacheService,
    private readonly engine: TextEngine,
  ) {}

  /** The engine's analysis of a text, from the cache on a hit. */
  async analyze<O extends Operation>(operation: O, input: AnalysisInput<O>, ask: Ask): Promise<Analysis<O>> {
    const start = performance.now();
    const { text, options } = input;
    const model = this.#model(input.model);
    const request = { engine: this.engine.name, model, text, options };

    const answer = await this.cache.run(
      operation,
      request,
      async ({ signal }) => {
        const { result, usage, finishReason } = await this.engine.analyze(
          { operation, text, model, options },
          signal,
        );
        return { value: result, usage, finishReason };
      },
      { refresh: ask.refresh },
    );
    return {
      operation,
      model,
      result: answer.value,
      cached: answer.cached,
      key: answer.key,
      timing: { totalMs: Number((performance.now() - start).toFixed(2)) },
      savings: answer.savings,
      notCached: answer.bypassed,
      ...(ask.explain ? { explanation: this.cache.explain(operation, request) } : {}),
    };
  }

  #model(asked: string | undefined): string {
    const { models } = this.engine;
    if (asked === undefined) return models[0];
    if (!models.includes(asked))
      throw new BadRequestException([`model must be one of: ${models.join(', ')}`]);
    return asked;
  }
}
