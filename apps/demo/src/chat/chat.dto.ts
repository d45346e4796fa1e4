import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsOptional, IsString, Matches, MaxLength, ValidateNested } from 'class-validator';

/** A question. */
export class ChatDto {
  @ApiProperty({ example: 'What is a cache stampede?', maxLength: 500 })
  @IsString()
  @Matches(/\S/, { message: 'question must not be empty' })
  @MaxLength(500)
  question!: string;

  @ApiPropertyOptional({
    type: String,
    example: 'faq-short',
    description: "One of the engine's models; default: the first",
  })
  @IsOptional()
  @IsString()
  model?: string | undefined;
}

/** A question, and another one to compare it with. */
export class ExplainChatDto extends ChatDto {
  @ApiPropertyOptional({ type: ChatDto, description: 'Another question; the explanation names what differs' })
  @IsOptional()
  @ValidateNested()
  @Type(() => ChatDto)
  other?: ChatDto | undefined;
}
