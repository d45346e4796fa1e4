import type { IncomingHttpHeaders } from 'node:http';
import { Body, Controller, Get, Headers, HttpCode, Post, Res, UseFilters } from '@nestjs/common';
import { ApiBadRequestResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiBadGatewayResponse, ApiGatewayTimeoutResponse } from '@nestjs/swagger';
import type { Response } from 'express';
import { aiControl, sendAiStream } from 'nestjs-cache-infra';
import type { AiExplanation } from 'nestjs-cache-infra';
import { schemaOf } from '../openapi/schema-of.js';
import { TextEngineErrorFilter } from '../ai/text-engine-error.filter.js';
import { readEnvironment } from '../config/environment.js';
import { ChatEngine } from '../text/chat-engine.js';
import { TextEngineError } from '../text/text-engine.js';
import { ChatDto, ExplainChatDto } from './chat.dto.js';
import { ChatService } from './chat.service.js';
import { ChatFacts, explanationExample, streamExample } from './chat.responses.js';

/**
 * A chat whose answers are streamed and cached. There is no `GET /ai/chat`: any page on the web could ask by it, and
 * spend tokens.
 */
@ApiTags('chat')
@Controller('ai/chat')
@UseFilters(TextEngineErrorFilter)
export class ChatController {
  readonly #price = readEnvironment().chat.price;

  constructor(
    private readonly chat: ChatService,
    private readonly engine: ChatEngine,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'The answer to a question, token by token, as server-sent events',
    description:
      'Events: `status` (a hit, a miss or shared, before the first token), one message for each token, and `done` ' +
      '(usage, savings) or `error`. A client that leaves stops the engine, unless others read the same answer.',
  })
  @ApiHeader({
    name: 'Cache-Control',
    required: false,
    description: 'no-cache asks the model anew; only-if-cached answers 504 without a cached answer',
  })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' }, example: streamExample } } })
  @ApiBadRequestResponse({ description: 'The body is invalid; message lists the reasons' })
  @ApiBadGatewayResponse({ description: 'The engine failed before its first token' })
  @ApiGatewayTimeoutResponse({ description: 'The engine timed out before its first token' })
  async ask(
    @Body() asked: ChatDto,
    @Headers() headers: IncomingHttpHeaders,
    @Res() response: Response,
  ): Promise<void> {
    const stream = this.chat.ask(asked, aiControl(headers));
    await sendAiStream(stream, response, { error: reasonOf });
  }

  @Post('explain')
  @HttpCode(200)
  @ApiOperation({ summary: 'What the key of a question is made of, and what differs from another question' })
  @ApiOkResponse({ schema: schemaOf(explanationExample) })
  @ApiBadRequestResponse({ description: 'The body is invalid; message lists the reasons' })
  explain(@Body() { other, ...asked }: ExplainChatDto): AiExplanation {
    return this.chat.explain(asked, other);
  }

  @Get('facts')
  @ApiOperation({
    summary: 'The engine of the chat, its models, and the price that savings are counted with',
  })
  @ApiOkResponse({ type: ChatFacts })
  facts(): ChatFacts {
    const { name, models } = this.engine;
    return { engine: name, models: [...models], price: this.#price };
  }
}

/** Messages of engines hold no secrets. */
function reasonOf(error: unknown): string {
  return error instanceof TextEngineError ? error.message : 'the answer failed';
}
