import { BadGatewayException, Catch, GatewayTimeoutException } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { TextEngineError } from '../text/text-engine.js';

/** An engine behind this service failed: 504 when it was too slow, 502 otherwise. */
@Catch(TextEngineError)
export class TextEngineErrorFilter extends BaseExceptionFilter {
  override catch(error: TextEngineError, host: ArgumentsHost): void {
    const Answer = error.fault === 'timeout' ? GatewayTimeoutException : BadGatewayException;
    super.catch(new Answer(error.message), host);
  }
}
