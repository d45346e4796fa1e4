import { applyDecorators } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import {
  ApiBadGatewayResponse,
  ApiBadRequestResponse,
  ApiExtraModels,
  ApiGatewayTimeoutResponse,
  ApiHeader,
  ApiOkResponse,
  ApiProperty,
  ApiQuery,
  getSchemaPath,
} from '@nestjs/swagger';
import type { AiExplanation, AiSavings } from 'nestjs-cache-infra';
import { explanationExample } from '../chat/chat.responses.js';
import { schemaOf } from '../openapi/schema-of.js';
import type { Operation, OperationResults } from '../text/text.types.js';

class Timing {
  @ApiProperty({ example: 1.7, description: 'Milliseconds in this service' })
  totalMs!: number;
}

class Savings {
  @ApiProperty({ type: 'integer', example: 22 })
  inputTokens!: number;

  @ApiProperty({ type: 'integer', example: 41 })
  outputTokens!: number;

  @ApiProperty({ required: false, example: 0.000465, description: 'Absent if the model has no price' })
  cost?: number;

  @ApiProperty({ example: 12.4, description: 'Milliseconds' })
  timeMs!: number;
}

/** The response of an operation. */
export class Analysis<O extends Operation = Operation> {
  @ApiProperty({ type: String, example: 'summarize' })
  operation!: O;

  @ApiProperty({ example: 'wink-eng-lite' })
  model!: string;

  result!: OperationResults[O];

  @ApiProperty({ example: true, description: 'True if the result came from the cache' })
  cached!: boolean;

  @ApiProperty({ example: 'ai:keywords:wink-eng-lite:sha256:…', description: 'The cache key of the result' })
  key!: string;

  @ApiProperty({ type: Timing })
  timing!: { totalMs: number };

  @ApiProperty({
    type: Savings,
    required: false,
    description: 'The cost that the cache hit saved',
  })
  savings?: AiSavings | undefined;

  @ApiProperty({
    type: String,
    required: false,
    description: 'Why the result was not cached',
    example: 'unfinished',
  })
  notCached?: string | undefined;

  /** The parts of the cache key, with `?explain=true`. */
  explanation?: AiExplanation;
}

const explanation = {
  ...schemaOf({ ...explanationExample, operation: 'keywords' }),
  description: 'The parts of the cache key, with ?explain=true',
};

/** Documents an operation that responds with `result`. */
export function AnalysisResponse(result: Type): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(Analysis, result),
    ApiQuery({ name: 'explain', required: false, type: Boolean }),
    ApiHeader({ name: 'Cache-Control', required: false, description: 'no-cache ignores the cached result' }),
    ApiOkResponse({
      schema: {
        allOf: [
          { $ref: getSchemaPath(Analysis) },
          { properties: { result: { $ref: getSchemaPath(result) }, explanation } },
        ],
      },
      headers: {
        'X-AI-Cache': { schema: { enum: ['hit', 'miss'] } },
        'Cache-Status': { schema: { type: 'string' } },
      },
    }),
    ApiBadRequestResponse({ description: 'The body is invalid; message lists the reasons' }),
    ApiBadGatewayResponse({ description: 'The text engine failed or returned an invalid response' }),
    ApiGatewayTimeoutResponse({ description: 'The text engine timed out' }),
  );
}
