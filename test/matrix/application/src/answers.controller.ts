import { Controller, Get, Param } from '@nestjs/common';
import { AiCacheService } from 'nestjs-cache-infra';

@Controller('answers')
export class AnswersController {
  constructor(private readonly ai: AiCacheService) {}

  @Get(':question')
  async answer(@Param('question') question: string): Promise<{ value: string; cached: boolean }> {
    const { value, cached } = await this.ai.run('answer', { model: 'small', question }, async () => ({
      value: `The answer to ${question}`,
    }));
    return { value, cached };
  }
}
