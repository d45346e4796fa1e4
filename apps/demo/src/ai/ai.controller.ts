import {
  Body,
  Controller,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  EntitiesResult,
  KeywordsResult,
  ReadabilityResult,
  SentimentResult,
  SummaryResult,
} from '../text/text.results.js';
import { operations } from '../text/text.types.js';
import { AiCacheHeaderInterceptor } from './ai-cache-header.interceptor.js';
import { AnalysisResponse } from './analysis.js';
import type { Analysis } from './analysis.js';
import { AnalysisService } from './analysis.service.js';
import { EntitiesDto, KeywordsDto, ReadabilityDto, SentimentDto, SummarizeDto } from './analyze.dto.js';
import { AskParam } from './ask.decorator.js';
import type { Ask } from './ask.decorator.js';
import { TextEngineErrorFilter } from './text-engine-error.filter.js';

@ApiTags('ai')
@Controller('ai')
@UseInterceptors(AiCacheHeaderInterceptor)
@UseFilters(TextEngineErrorFilter)
export class AiController {
  constructor(private readonly analyses: AnalysisService) {}

  @Post('summarize')
  @ApiOperation({ summary: 'The most important sentences of a text' })
  @HttpCode(200)
  @AnalysisResponse(SummaryResult)
  summarize(@Body() { text, model, ...options }: SummarizeDto, @AskParam() ask: Ask): Promise<Analysis> {
    return this.analyses.analyze('summarize', { text, model, options }, ask);
  }

  @Post('sentiment')
  @ApiOperation({ summary: 'How positive or negative a text is' })
  @HttpCode(200)
  @AnalysisResponse(SentimentResult)
  sentiment(@Body() { text, model, ...options }: SentimentDto, @AskParam() ask: Ask): Promise<Analysis> {
    return this.analyses.analyze('sentiment', { text, model, options }, ask);
  }

  @Post('keywords')
  @ApiOperation({ summary: 'The keywords of a text' })
  @HttpCode(200)
  @AnalysisResponse(KeywordsResult)
  keywords(@Body() { text, model, ...options }: KeywordsDto, @AskParam() ask: Ask): Promise<Analysis> {
    return this.analyses.analyze('keywords', { text, model, options }, ask);
  }

  @Post('entities')
  @ApiOperation({ summary: 'Names, dates and numbers in a text' })
  @HttpCode(200)
  @AnalysisResponse(EntitiesResult)
  entities(@Body() { text, model, ...options }: EntitiesDto, @AskParam() ask: Ask): Promise<Analysis> {
    return this.analyses.analyze('entities', { text, model, options }, ask);
  }

  @Post('readability')
  @ApiOperation({ summary: 'How hard a text is to read, and how long it takes' })
  @HttpCode(200)
  @AnalysisResponse(ReadabilityResult)
  readability(@Body() { text, model, ...options }: ReadabilityDto, @AskParam() ask: Ask): Promise<Analysis> {
    return this.analyses.analyze('readability', { text, model, options }, ask);
  }

  @Post(':operation')
  @ApiExcludeEndpoint()
  unknown(@Param('operation') operation: string): never {
    throw new NotFoundException(
      `There is no operation '${operation}'; there are ${operations.join(', ')}, chat`,
    );
  }
}
