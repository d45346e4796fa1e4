import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsString,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

// The results of the operations: documented for callers, and validated when a language model returns them.

export const sentimentLabels = ['negative', 'neutral', 'positive'] as const;

export type SentimentLabel = (typeof sentimentLabels)[number];

export class SummaryResult {
  @ApiProperty({ example: 'Great Britain waged war.' })
  @IsString()
  @IsNotEmpty()
  summary!: string;

  @ApiProperty({ example: 1, description: 'Sentences in the summary' })
  @IsInt()
  sentenceCount!: number;

  @ApiProperty({ example: 0.25, description: 'Length of the summary over the length of the text, 0-1' })
  @IsNumber()
  compression!: number;
}

export class SentimentHighlight {
  @ApiProperty({ example: 'The brave people declared independence.' })
  @IsString()
  text!: string;

  @ApiProperty({ example: 'positive', enum: sentimentLabels })
  @IsIn(sentimentLabels)
  label!: SentimentLabel;

  @ApiProperty({ example: 0.8, description: '-1 (most negative) to 1 (most positive)' })
  @IsNumber()
  @Min(-1)
  @Max(1)
  score!: number;
}

export class SentimentResult {
  @ApiProperty({ example: 'positive', enum: sentimentLabels })
  @IsIn(sentimentLabels)
  label!: SentimentLabel;

  @ApiProperty({ example: 0.8, description: '-1 (most negative) to 1 (most positive)' })
  @IsNumber()
  @Min(-1)
  @Max(1)
  score!: number;

  @ApiProperty({
    type: [SentimentHighlight],
    description: 'The sentences with the strongest feelings, strongest first',
  })
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => SentimentHighlight)
  highlights!: SentimentHighlight[];
}

export class Keyword {
  @ApiProperty({ example: 'independence' })
  @IsString()
  @IsNotEmpty()
  phrase!: string;

  @ApiProperty({ example: 0.8, description: '0-1, relative to the best keyword' })
  @IsNumber()
  @Min(0)
  @Max(1)
  score!: number;

  @ApiProperty({ example: 2, description: 'Occurrences in the text' })
  @IsInt()
  count!: number;
}

export class KeywordsResult {
  @ApiProperty({ type: [Keyword], description: 'The most telling first' })
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Keyword)
  keywords!: Keyword[];
}

export class Entity {
  @ApiProperty({ example: 'The brave people declared independence.' })
  @IsString()
  @IsNotEmpty()
  text!: string;

  @ApiProperty({ example: 'DATE' })
  @IsString()
  @IsNotEmpty()
  type!: string;

  @ApiProperty({ example: 2, description: 'Occurrences in the text' })
  @IsInt()
  count!: number;
}

export class EntitiesResult {
  @ApiProperty({ type: [Entity], description: 'The most frequent first' })
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Entity)
  entities!: Entity[];
}

export class ReadabilityResult {
  @ApiProperty({ example: 16 })
  words!: number;

  @ApiProperty({ example: 2 })
  sentences!: number;

  @ApiProperty({ example: 29 })
  syllables!: number;

  @ApiProperty({ example: 0.1, description: 'Minutes of silent reading' })
  readingMinutes!: number;

  @ApiProperty({ example: 48.1, description: '0 (very hard) to 100 (very easy); extreme texts lie outside' })
  fleschReadingEase!: number;

  @ApiProperty({ example: 9.6, description: 'United States school grade, as are the formulas below' })
  fleschKincaidGrade!: number;

  @ApiProperty({ example: 8.2 })
  gunningFog!: number;

  @ApiProperty({ example: 8.8 })
  smog!: number;

  @ApiProperty({ example: 7.4 })
  automatedReadabilityIndex!: number;

  @ApiProperty({ example: 11.9 })
  colemanLiau!: number;
}
