import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class Price {
  @ApiProperty({ example: 2.5, description: 'Dollars per million input tokens' })
  inputPerMillion!: number;

  @ApiProperty({ example: 10, description: 'Dollars per million output tokens' })
  outputPerMillion!: number;

  @ApiProperty({
    example: true,
    description: 'True if the engine is free, and the price that of an imagined one',
  })
  isAssumed!: boolean;
}

export class ChatFacts {
  @ApiProperty({ example: 'local' })
  engine!: string;

  @ApiProperty({ type: [String], example: ['faq-short', 'faq-long'] })
  models!: string[];

  @ApiPropertyOptional({ type: Price, description: 'Absent if the price is not known' })
  price?: Price | undefined;
}

export const streamExample = `event: status
data: {"outcome":"hit","cached":true,"operation":"chat","ageSeconds":12,"cacheStatus":"ai; hit; ttl=3588"}

data: A

data:  stampede

event: done
data: {"cached":true,"collapsed":false,"usage":{"inputTokens":22,"outputTokens":41},"finishReason":"stop","savings":{"inputTokens":22,"outputTokens":41,"cost":0.000465,"timeMs":2051},"cacheStatus":"ai; hit; ttl=3588"}

`;

export const explanationExample = {
  operation: 'chat',
  key: 'ai:chat:faq-short:sha256:…',
  form: 'digest',
  digest: '…',
  parts: [
    { name: 'model', length: 11, text: '"faq-short"', digest: '…' },
    { name: 'question', length: 27, text: '…', digest: '…' },
  ],
  ignored: ['user'],
  differs: ['question'],
  ttl: { seconds: 3600, source: 'operation', capped: false, jitterSeconds: 0 },
  tags: ['ai'],
};
