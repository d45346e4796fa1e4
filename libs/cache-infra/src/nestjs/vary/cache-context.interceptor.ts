import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Observable } from 'rxjs';

import { contextOf, withCacheContext } from './current-context.js';
import { factsOf } from './facts-lookup.js';

/**
 * Makes the current request available to the facts of `vary`. `CacheInfraModule` binds this interceptor for the whole
 * application. Bind it yourself in a hybrid application without `inheritAppConfig`.
 */
@Injectable()
export class CacheContextInterceptor implements NestInterceptor {
  constructor(private readonly moduleRef: ModuleRef) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (Object.keys(factsOf(this.moduleRef)).length === 0) return next.handle();
    const context = contextOf(execution);
    return new Observable((subscriber) =>
      withCacheContext(context, () => next.handle().subscribe(subscriber)),
    );
  }
}
