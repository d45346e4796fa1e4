import { BadGatewayException, Catch, GatewayTimeoutException } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { AiNotCachedError } from 'nestjs-cache-infra';
import { TextEngineError } from '../text/text-engine.js';

/**
 * Maps a failure of the text engine to 504 (timeout) or 502 (any other failure), and a miss of a request with
 * `Cache-Control: only-if-cached` to 504 (RFC 9111 §5.2.1.7).
 */
@Catch(TextEngineError, AiNotCachedError)
export class TextEngineErrorFilter extends BaseExceptionFilter {
  override catch(error: TextEngineError | AiNotCachedError, host: ArgumentsHost): void {
    const isTimeout = error instanceof AiNotCachedError || error.fault === 'timeout';
    const Answer = isTimeout ? GatewayTimeoutException : BadGatewayException;
    super.catch(new Answer(error.message), host);
  }
}
