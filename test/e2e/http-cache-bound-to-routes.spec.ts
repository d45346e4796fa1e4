import { beforeEach, describe, expect, it } from '@jest/globals';
import { ClassSerializerInterceptor, Controller, Get, Req, Res, UseInterceptors } from '@nestjs/common';
import { Exclude } from 'class-transformer';
import { HttpCache, HttpCacheInterceptor } from 'nestjs-cache-infra';

import { matrix, Origin, siteOf, type AppRequest, type Reply } from '../support/http-cache-app.js';

class Account {
  constructor(readonly id: string) {}
  @Exclude() readonly password = 'secret';
}

@Controller('route')
class RouteController {
  constructor(private readonly origin: Origin) {}

  @Get('here')
  @HttpCache()
  @UseInterceptors(HttpCacheInterceptor)
  here(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('accounts/outside')
  @HttpCache()
  @UseInterceptors(ClassSerializerInterceptor, HttpCacheInterceptor)
  outside(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): Account {
    return new Account(String(this.origin.answer(request, reply)));
  }

  @Get('accounts/inside')
  @HttpCache()
  @UseInterceptors(HttpCacheInterceptor, ClassSerializerInterceptor)
  inside(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): Account {
    return new Account(String(this.origin.answer(request, reply)));
  }
}

describe.each(matrix)('HttpCacheInterceptor on routes of %s with %s', (adapter, tier) => {
  const site = siteOf({ adapter, tier, controllers: [RouteController], bound: false });

  beforeEach(() => {
    site.origin.script = () => ++site.runs;
  });

  it('works where it is bound', async () => {
    expect(await (await site.get('/route/here')).text()).toBe('1');
    expect(await (await site.get('/route/here')).text()).toBe('1');
  });

  it('stores no object of a class that a serializer outside of it has to strip', async () => {
    const bodies: unknown[] = [];
    for (let i = 0; i < 2; i++) bodies.push(await (await site.get('/route/accounts/outside')).json());

    expect(bodies).toEqual([{ id: '1' }, { id: '2' }]);
  });

  it('stores what a serializer inside of it has stripped', async () => {
    const bodies: unknown[] = [];
    for (let i = 0; i < 2; i++) bodies.push(await (await site.get('/route/accounts/inside')).json());

    expect(bodies).toEqual([{ id: '1' }, { id: '1' }]);
  });
});
