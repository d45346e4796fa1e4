import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  ClassSerializerInterceptor,
  Controller,
  Get,
  Injectable,
  Logger,
  Put,
  UseInterceptors,
  type INestApplication,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Exclude, Expose } from 'class-transformer';
import { Cache, Cacheable, CacheInfraModule, CachePut } from 'nestjs-cache-infra';
import request from 'supertest';

class User {
  id = 1;
  @Exclude() password = 'secret';
  @Expose() get label(): string {
    return `#${String(this.id)}`;
  }
}
class Plain {
  id = 1;
}

@Injectable()
class Users {
  runs = 0;

  @Cacheable({ key: 'unnamed' })
  async unnamed(): Promise<User[]> {
    this.runs++;
    return Promise.resolve([new User()]);
  }

  @Cacheable({ key: 'named', as: User })
  async named(): Promise<User[]> {
    this.runs++;
    return Promise.resolve([new User()]);
  }

  @Cacheable({ key: 'plain', plain: true })
  async plain(): Promise<User> {
    this.runs++;
    return Promise.resolve(new User());
  }

  @Cacheable({ key: 'bare' })
  async bare(): Promise<Plain> {
    this.runs++;
    return Promise.resolve(new Plain());
  }

  @CachePut({ key: 'put' })
  async put(): Promise<User> {
    return Promise.resolve(new User());
  }

  @CachePut({ key: 'named', as: () => User })
  async putNamed(): Promise<User[]> {
    return Promise.resolve([Object.assign(new User(), { id: 2 })]);
  }
}

@Controller()
@UseInterceptors(ClassSerializerInterceptor)
class Page {
  constructor(private readonly users: Users) {}
  @Get('unnamed') unnamed(): Promise<User[]> {
    return this.users.unnamed();
  }
  @Get('named') named(): Promise<User[]> {
    return this.users.named();
  }
  @Put('put') put(): Promise<User> {
    return this.users.put();
  }
  @Put('named') putNamed(): Promise<User[]> {
    return this.users.putNamed();
  }
}

let app: INestApplication;
let users: Users;
let warn: jest.SpiedFunction<Logger['warn']>;

beforeEach(async () => {
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const module = await Test.createTestingModule({
    imports: [CacheInfraModule.forRoot({ useMemoryCache: true })],
    controllers: [Page],
    providers: [Users],
  }).compile();
  app = await module.createNestApplication().init();
  users = app.get(Users);
});
afterEach(async () => {
  warn.mockRestore();
  await app.close();
});

const ask = async (path: string): Promise<unknown> =>
  (await request(app.getHttpServer() as never).get(`/${path}`)).body;
const shown = [{ id: 1, label: '#1' }];

describe('a cached service method behind ClassSerializerInterceptor', () => {
  it('T1: never sends properties that @Exclude() hides: the method runs uncached, with one warning', async () => {
    expect([await ask('unnamed'), await ask('unnamed')]).toEqual([shown, shown]);
    expect(users.runs).toBe(2);
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^Users\.unnamed runs uncached: .*User would lose its accessors.*'as: User'.*plain/,
        ),
      ],
    ]);
  });

  it("T1: with 'as' it is cached, and every call serializes an instance", async () => {
    expect([await ask('named'), await ask('named')]).toEqual([shown, shown]);
    expect(users.runs).toBe(1);
    expect((await users.named())[0]).toStrictEqual(new User());
    expect(warn).not.toHaveBeenCalled();
  });

  it("T1: 'plain: true' stores the plain form", async () => {
    await users.plain();
    expect(await users.plain()).toStrictEqual({ id: 1, password: 'secret' });
    expect(users.runs).toBe(1);
  });

  it('T6: an instance of a class with only properties is cached as a plain object', async () => {
    await users.bare();
    expect(await users.bare()).toStrictEqual({ id: 1 });
    expect(users.runs).toBe(1);
    expect(warn).not.toHaveBeenCalled();
  });

  it('T1: @CachePut follows the same rule, and returns the result of its method', async () => {
    const { body } = (await request(app.getHttpServer() as never).put('/put')) as { body: unknown };
    expect(body).toEqual(shown[0]);
    expect(await app.get(Cache).has('put')).toBe(false);
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^Users\.put runs uncached: .*User would lose/)],
    ]);
  });

  it("T1: @Cacheable with 'as' returns the value of @CachePut with 'as'", async () => {
    await request(app.getHttpServer() as never).put('/named');
    expect(await ask('named')).toEqual([{ id: 2, label: '#2' }]);
    expect(users.runs).toBe(0);
  });
});
