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
import type { Operation, OperationResults } from '../text/text.types.js';

/** The response of an operation. */
export class Analysis<O extends Operation = Operation> {
  @ApiProperty({ type: String, example: 'summarize' })
  operation!: O;

  @ApiProperty({ example: 'wink-eng-lite' })
  model!: string;

  result!: OperationResults[O];

  @ApiProperty({ description: 'Whether the result was there already' })
  cached!: boolean;

  @ApiProperty({ description: 'Under which the result is cached' })
  key!: string;

  @ApiProperty({ type: Object, description: 'Milliseconds in this service', example: { totalMs: 1.7 } })
  timing!: { totalMs: number };

  @ApiProperty({
    type: Object,
    required: false,
    description: 'What this answer did not cost, because it was there already',
  })
  savings?: AiSavings | undefined;

  @ApiProperty({
    type: String,
    required: false,
    description: 'Why the result was not cached',
    example: 'unfinished',
  })
  notCached?: string | undefined;

  @ApiProperty({
    type: Object,
    required: false,
    description: 'What the key is made of, when asked with ?explain=true',
  })
  explanation?: AiExplanation;
}

/** Documents an operation that responds with `result`. */
export function AnalysisResponse(result: Type): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(Analysis, result),
    ApiQuery({ name: 'explain', required: false, type: Boolean }),
    ApiHeader({ name: 'Cache-Control', required: false, description: 'no-cache makes the answer anew' }),
    ApiOkResponse({
      schema: {
        allOf: [
          { $ref: getSchemaPath(Analysis) },
          { properties: { result: { $ref: getSchemaPath(result) } } },
        ],
      },
      headers: {
        'X-AI-Cache': { schema: { enum: ['hit', 'miss'] } },
        'Cache-Status': { schema: { type: 'string' } },
      },
    }),
    ApiBadRequestResponse({ description: 'The body is wrong; message lists the reasons' }),
    ApiBadGatewayResponse({ description: 'The text engine did not answer as it should' }),
    ApiGatewayTimeoutResponse({ description: 'The text engine was too slow' }),
  );
}
