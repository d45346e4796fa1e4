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
  @ApiProperty()
  @IsString()
  @IsNotEmpty()
  summary!: string;

  @ApiProperty({ description: 'Sentences in the summary' })
  @IsInt()
  sentenceCount!: number;

  @ApiProperty({ description: 'Length of the summary over the length of the text, 0-1' })
  @IsNumber()
  compression!: number;
}

export class SentimentHighlight {
  @ApiProperty()
  @IsString()
  text!: string;

  @ApiProperty({ enum: sentimentLabels })
  @IsIn(sentimentLabels)
  label!: SentimentLabel;

  @ApiProperty({ description: '-1 (most negative) to 1 (most positive)' })
  @IsNumber()
  @Min(-1)
  @Max(1)
  score!: number;
}

export class SentimentResult {
  @ApiProperty({ enum: sentimentLabels })
  @IsIn(sentimentLabels)
  label!: SentimentLabel;

  @ApiProperty({ description: '-1 (most negative) to 1 (most positive)' })
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
  @ApiProperty()
  @IsString()
  @IsNotEmpty()
  phrase!: string;

  @ApiProperty({ description: '0-1, relative to the best keyword' })
  @IsNumber()
  @Min(0)
  @Max(1)
  score!: number;

  @ApiProperty({ description: 'Occurrences in the text' })
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
  @ApiProperty()
  @IsString()
  @IsNotEmpty()
  text!: string;

  @ApiProperty({ example: 'DATE' })
  @IsString()
  @IsNotEmpty()
  type!: string;

  @ApiProperty({ description: 'Occurrences in the text' })
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
  @ApiProperty()
  words!: number;

  @ApiProperty()
  sentences!: number;

  @ApiProperty()
  syllables!: number;

  @ApiProperty({ description: 'Minutes of silent reading' })
  readingMinutes!: number;

  @ApiProperty({ description: '0 (very hard) to 100 (very easy); extreme texts lie outside' })
  fleschReadingEase!: number;

  @ApiProperty({ description: 'United States school grade, as are the formulas below' })
  fleschKincaidGrade!: number;

  @ApiProperty()
  gunningFog!: number;

  @ApiProperty()
  smog!: number;

  @ApiProperty()
  automatedReadabilityIndex!: number;

  @ApiProperty()
  colemanLiau!: number;
}
