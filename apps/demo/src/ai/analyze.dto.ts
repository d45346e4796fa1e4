import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';

/**
 * The body of every operation. Defaults are filled in here, so that a request that names a default equals one that
 * omits it.
 */
export abstract class AnalyzeDto {
  @ApiProperty({
    example: 'Four score and seven years ago our fathers brought forth a new nation.',
    maxLength: 200_000,
  })
  @IsString()
  @Matches(/\S/, { message: 'text must not be empty' })
  @MaxLength(200_000)
  text!: string;

  @ApiPropertyOptional({
    type: String,
    example: 'wink-eng-lite',
    description: "One of the engine's models; default: the first",
  })
  @IsOptional()
  @IsString()
  model?: string | undefined;
}

export class SummarizeDto extends AnalyzeDto {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 20, default: 3 })
  @IsInt()
  @Min(1)
  @Max(20)
  maxSentences = 3;
}

export class SentimentDto extends AnalyzeDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 50,
    default: 3,
    description: 'Maximum number of sentences to show',
  })
  @IsInt()
  @Min(0)
  @Max(50)
  limit = 3;
}

export class KeywordsDto extends AnalyzeDto {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: 10 })
  @IsInt()
  @Min(1)
  @Max(100)
  limit = 10;
}

export class EntitiesDto extends AnalyzeDto {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 500, default: 50 })
  @IsInt()
  @Min(1)
  @Max(500)
  limit = 50;
}

export class ReadabilityDto extends AnalyzeDto {
  // 238: Brysbaert, "How many words do we read per minute?", Journal of Memory and Language 109 (2019).
  @ApiPropertyOptional({ type: 'integer', minimum: 50, maximum: 1000, default: 238 })
  @IsInt()
  @Min(50)
  @Max(1000)
  wordsPerMinute = 238;
}
