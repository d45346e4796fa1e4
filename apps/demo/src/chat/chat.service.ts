import { BadRequestException, Injectable } from '@nestjs/common';
import { AiCacheService, InjectAiCache } from 'nestjs-cache-infra';
import type { AiCacheControl, AiExplanation, AiStream } from 'nestjs-cache-infra';
import { ChatEngine } from '../text/chat-engine.js';
import type { ChatQuestion } from '../text/chat-engine.js';
import type { ChatDto } from './chat.dto.js';

const system =
  'You answer questions of software developers about caching. Answer in plain English, in at most 120 words.';

@Injectable()
export class ChatService {
  constructor(
    @InjectAiCache('ai') private readonly cache: AiCacheService,
    private readonly engine: ChatEngine,
  ) {}

  /**
   * The answer to a question, token by token: replayed from the cache, shared with an equal question that runs, or
   * asked of the engine.
   */
  ask(asked: ChatDto, control: AiCacheControl): AiStream<string> {
    const request = this.#request(asked);
    return this.cache.stream('chat', request, ({ signal }) => this.engine.answer(request, signal), control);
  }

  /** Why a question gets an answer of its own, or shares the answer of `other`. */
  explain(asked: ChatDto, other?: ChatDto): AiExplanation {
    return this.cache.explain('chat', this.#request(asked), other && this.#request(other));
  }

  /** Everything that the answer depends on: it becomes the key. */
  #request({ question, model }: ChatDto): ChatQuestion & { engine: string } {
    const { name, models } = this.engine;
    if (model !== undefined && !models.includes(model)) {
      throw new BadRequestException([`model must be one of: ${models.join(', ')}`]);
    }
    return { engine: name, model: model ?? models[0], system, question };
  }
}
