import { BadGatewayException, Catch, GatewayTimeoutException } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { TextEngineError } from '../text/text-engine.js';

/** Maps a failure of the text engine to 504 (timeout) or 502 (any other failure). */
@Catch(TextEngineError)
export class TextEngineErrorFilter extends BaseExceptionFilter {
  override catch(error: TextEngineError, host: ArgumentsHost): void {
    const Answer = error.fault === 'timeout' ? GatewayTimeoutException : BadGatewayException;
    super.catch(new Answer(error.message), host);
  }
}
