import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { tap } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Analysis } from './analysis.js';

/** Adds `X-AI-Cache: hit` or `miss` to the response. */
@Injectable()
export class AiCacheHeaderInterceptor implements NestInterceptor<Analysis, Analysis> {
  intercept(context: ExecutionContext, next: CallHandler<Analysis>): Observable<Analysis> {
    const response = context.switchToHttp().getResponse<Response>();
    return next.handle().pipe(tap(({ cached }) => response.setHeader('X-AI-Cache', cached ? 'hit' : 'miss')));
  }
}
