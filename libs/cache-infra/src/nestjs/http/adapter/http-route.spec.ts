import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import {
  ClassSerializerInterceptor,
  Controller,
  Get,
  mixin,
  Next,
  Param,
  Redirect,
  Render,
  Req,
  Res,
  Sse,
  UseInterceptors,
  type Type,
} from '@nestjs/common';
import { EMPTY, type Observable } from 'rxjs';

import { HttpCache } from './http-cache.decorator.js';
import { httpRoute, storingRules, surroundings } from './http-route.js';

class Ours {
  readonly intercept = (): void => undefined;
}
class OwnSerializer extends ClassSerializerInterceptor {}

@Controller()
@HttpCache({ ttl: '1m', vary: ['Accept'], cache: 'pages' })
class Pages {
  @Get() plain(@Req() _request: unknown, @Param('id') _id: string): void {}
  @Get() @HttpCache({ ttl: 5, shared: true, headers: ['X-A'] }) own(): void {}
  @Get() @HttpCache(false) out(): void {}
  @Get() res(@Res() _response: unknown): void {}
  @Get() next(@Next() _next: unknown): void {}
  @Get() passthrough(@Res({ passthrough: true }) _response: unknown): void {}
  @Sse() events(): Observable<never> {
    return EMPTY;
  }
  @Get() @Render('view') view(): void {}
  @Get() @Redirect('/x') moved(): void {}
  @Get() @UseInterceptors(OwnSerializer, Ours) inside(): void {}
  @Get() @UseInterceptors(Ours, ClassSerializerInterceptor) outside(): void {}
}

class Inherited extends Pages {}

@HttpCache(false)
class Silent {
  plain(): void {}
  @HttpCache({ ttl: 5 }) own(): void {}
}

const { prototype } = Pages;

describe('the facts about a route', () => {
  it('merges its options over those of the controller', () => {
    expect(httpRoute(Pages, prototype.plain)).toMatchObject({
      decorated: true,
      optedOut: false,
      options: { ttl: '1m' },
    });
    expect(httpRoute(Pages, prototype.own).options).toMatchObject({ ttl: 5, shared: true, cache: 'pages' });
    expect(httpRoute(Pages, prototype.out)).toMatchObject({ decorated: false, optedOut: true });
    expect(httpRoute(Silent, Silent.prototype.plain).optedOut).toBe(true);
    expect(httpRoute(Silent, Silent.prototype.own)).toMatchObject({ optedOut: false, options: { ttl: 5 } });
    expect(httpRoute(Ours, () => undefined)).toMatchObject({
      decorated: false,
      optedOut: false,
      options: {},
    });
  });

  it.each([
    ['plain', false],
    ['passthrough', false],
    ['res', true],
    ['next', true],
    ['events', true],
    ['view', true],
    ['moved', true],
  ] as const)('%s responds itself: %j', (name, expected) => {
    expect(httpRoute(Pages, prototype[name]).answersItself).toBe(expected);
    expect(httpRoute(Inherited, prototype[name]).answersItself).toBe(expected);
  });

  it('has an id by the name of its controller', () => {
    expect(httpRoute(Pages, prototype.plain).id).toBe('Pages.plain');
  });

  it('of a mixin has an id that is the same in every process, and another one for each path', () => {
    const crud = (path: string): Type<{ find(): void }> => {
      @Controller(path)
      class Crud {
        @Get() find(): void {}
      }
      return mixin(Crud);
    };
    const idOf = (controller: Type<{ find(): void }>) => httpRoute(controller, controller.prototype.find).id;

    expect(idOf(crud('users'))).toBe('Crud(users).find');
    expect(idOf(crud('users'))).toBe(idOf(crud('users')));
    expect(idOf(crud('orders'))).toBe('Crud(orders).find');
  });

  it('derives storing rules from options, in seconds', () => {
    const route = httpRoute(Pages, prototype.own);

    expect(storingRules(route, 99)).toMatchObject({
      lifetime: 5,
      shared: true,
      vary: ['accept'],
      keepFields: ['x-a'],
    });
    expect(storingRules({ ...route, options: {} }, 99).lifetime).toBe(99);
    expect(storingRules({ ...route, options: {} }, 0.25).lifetime).toBe(0.25);
    expect(storingRules({ ...route, options: { ttl: 0 } }, 99).lifetime).toBe(365 * 86_400);
    expect(storingRules({ ...route, decorated: false }, 99).lifetime).toBeUndefined();
  });

  it.each([
    ['inside', [], true],
    ['outside', [], false],
    ['plain', [], false],
    ['outside', [new ClassSerializerInterceptor({})], true],
  ] as const)('%s of a serializer, with others: %#', (name, globals, expected) => {
    expect(surroundings(new Ours(), Pages, prototype[name], globals).serializes).toBe(expected);
  });

  it('knows its position among the global ones', () => {
    const ours = new Ours();
    const serializer = new ClassSerializerInterceptor({});

    expect(surroundings(ours, Pages, prototype.plain, [ours, serializer]).serializes).toBe(false);
    expect(surroundings(ours, Pages, prototype.plain, [serializer, ours]).serializes).toBe(true);
  });
});

describe('@HttpCache()', () => {
  it.each([
    [{ ttl: -1 }, /ttl must/],
    [{ tags: [''] }, /tags must be a list of non-empty strings or a function/],
    [{ vary: ['*'] }, /vary must be a list of header names/],
    [{ vary: ['a b'] }, /vary must be a list of header names/],
    [{ statuses: [200] }, /statuses must be a list of statuses from 400 to 599/],
    [{ key: 'x' }, /key must be a function/],
    [{ shred: true }, /shred is not a known option \(did you mean 'shared'\?\)/],
  ])('refuses %j', (options, expected) => {
    expect(() => HttpCache(options as object)).toThrow(expected);
  });
});
