import { Module } from '@nestjs/common';
import { readEnvironment } from '../config/environment.js';
import { LocalTextEngine } from '../text/local-text-engine.js';
import { OpenAiTextEngine } from '../text/openai-text-engine.js';
import { TextEngine } from '../text/text-engine.js';
import { AiController } from './ai.controller.js';
import { AnalysisService } from './analysis.service.js';

@Module({
  controllers: [AiController],
  providers: [
    AnalysisService,
    {
      provide: TextEngine,
      useFactory: (): TextEngine => {
        const { openAi } = readEnvironment();
        return openAi === undefined ? new LocalTextEngine() : new OpenAiTextEngine(openAi);
      },
    },
  ],
})
export class AiModule {}
