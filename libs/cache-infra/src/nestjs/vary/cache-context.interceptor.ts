import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Observable } from 'rxjs';

import { contextOf, withCacheContext } from './current-context.js';
import { factsOf } from './facts-lookup.js';

/**
 * Tells the facts of `vary` what request a method is called for. `CacheInfraModule` binds it for the whole application;
 * where that does not reach (a hybrid application without `inheritAppConfig`) bind it yourself.
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
