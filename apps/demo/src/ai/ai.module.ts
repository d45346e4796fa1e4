import { Module } from '@nestjs/common';
import { ChatController } from '../chat/chat.controller.js';
import { ChatPageController } from '../chat/chat-page.controller.js';
import { ChatService } from '../chat/chat.service.js';
import { readEnvironment } from '../config/environment.js';
import { ChatEngine } from '../text/chat-engine.js';
import { LocalChatEngine } from '../text/local-chat-engine.js';
import { LocalTextEngine } from '../text/local-text-engine.js';
import { OpenAiChatEngine } from '../text/openai-chat-engine.js';
import { OpenAiTextEngine } from '../text/openai-text-engine.js';
import { TextEngine } from '../text/text-engine.js';
import { AiController } from './ai.controller.js';
import { AnalysisService } from './analysis.service.js';

@Module({
  // The route ai/:operation of the last one would match ai/chat.
  controllers: [ChatPageController, ChatController, AiController],
  providers: [
    AnalysisService,
    ChatService,
    {
      provide: TextEngine,
      useFactory: (): TextEngine => {
        const { openAi } = readEnvironment();
        return openAi === undefined ? new LocalTextEngine() : new OpenAiTextEngine(openAi);
      },
    },
    {
      provide: ChatEngine,
      useFactory: (): ChatEngine => {
        const { openAi, chat } = readEnvironment();
        return openAi === undefined ? new LocalChatEngine(chat.tokenMs) : new OpenAiChatEngine(openAi);
      },
    },
  ],
})
export class AiModule {}
