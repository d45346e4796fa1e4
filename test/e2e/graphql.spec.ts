import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Inject, Injectable, Scope, type INestApplication } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  Args,
  Field,
  GraphQLModule,
  ID,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { Test } from '@nestjs/testing';
import {
  Cache,
  Cacheable,
  CacheContextInterceptor,
  CacheDefaults,
  CacheEvict,
  CacheInfraModule,
  CachePut,
} from 'nestjs-cache-infra';
import request from 'supertest';

@ObjectType()
class Product {
  @Field(() => ID) id!: string;
  @Field() name!: string;
}

const runs: Record<string, number> = {};
const ran = (what: string): void => {
  runs[what] = (runs[what] ?? 0) + 1;
};

@CacheDefaults({ tags: ['products'], ttl: '5m' })
@Resolver(() => Product)
class ProductsResolver {
  @Query(() => Product)
  @Cacheable({ key: (id: string) => `product:${id}` })
  async product(@Args('id') id: string): Promise<Product> {
    ran('product');
    return Promise.resolve({ id, name: `name of ${id}` });
  }

  @Cacheable({ key: (parent: Product) => `reviews:${parent.id}` })
  @ResolveField(() => [String])
  async reviews(@Parent() parent: Product): Promise<string[]> {
    ran('reviews');
    return Promise.resolve([`review of ${parent.id}`]);
  }

  @Query(() => String)
  @Cacheable({ vary: ['user'] })
  async greeting(@Args('greeting') greeting: string): Promise<string> {
    ran('greeting');
    return Promise.resolve(`${greeting} ${String(runs['greeting'])}`);
  }

  @ResolveField(() => String)
  @Cacheable({ key: (parent: Product) => `price:${parent.id}`, vary: ['user'] })
  async price(@Parent() parent: Product): Promise<string> {
    ran('price');
    return Promise.resolve(`${parent.id} ${String(runs['price'])}`);
  }

  @Mutation(() => Product)
  @CachePut({ key: (id: string) => `product:${id}` })
  @CacheEvict({ key: (id: string) => `reviews:${id}` })
  async rename(@Args('id') id: string, @Args('name') name: string): Promise<Product> {
    return Promise.resolve({ id, name });
  }

  @Mutation(() => Boolean)
  @CacheEvict({ tags: ['products'] })
  async reset(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

@Injectable({ scope: Scope.REQUEST })
@Resolver()
class ScopedResolver {
  constructor(@Inject(REQUEST) readonly request: object) {}

  @Query(() => String)
  @Cacheable()
  async scoped(@Args('id') id: string): Promise<string> {
    ran('scoped');
    return Promise.resolve(id);
  }
}

const redisUrl = process.env['TEST_REDIS_URL'];

describe.each([
  ['memory', { useMemoryCache: true }],
  ['Redis', { redisUrl, keyPrefix: 'graphql' }],
])('the decorators on GraphQL resolvers, %s', (_, options) => {
  let app: INestApplication;

  beforeEach(async () => {
    for (const name of Object.keys(runs)) delete runs[name];
    const module = await Test.createTestingModule({
      imports: [
        CacheInfraModule.forRoot({
          ...options,
          vary: { user: ({ request: incoming }) => incoming?.headers['x-user'] as string },
        }),
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          autoSchemaFile: true,
          fieldResolverEnhancers: ['interceptors'],
        }),
      ],
      providers: [ProductsResolver, ScopedResolver],
    }).compile();
    app = module.createNestApplication();
    await app.init();
    await app.get(Cache).clear();
  });
  afterEach(() => app.close());

  const ask = async (query: string, user?: string): Promise<unknown> => {
    const call = request(app.getHttpServer() as Parameters<typeof request>[0]).post('/graphql');
    const { body } = await (user === undefined ? call : call.set('x-user', user)).send({ query });
    return (body as { data: unknown }).data;
  };

  it('queries and fields are served from the cache', async () => {
    const query = '{ product(id: "1") { id name reviews } }';
    const answer = { product: { id: '1', name: 'name of 1', reviews: ['review of 1'] } };
    expect(await ask(query)).toEqual(answer);
    expect(await ask(query)).toEqual(answer);
    expect(runs).toEqual({ product: 1, reviews: 1 });
  });

  it('mutations put and evict', async () => {
    await ask('{ product(id: "1") { name reviews } }');
    await ask('mutation { rename(id: "1", name: "new") { id } }');
    expect(await ask('{ product(id: "1") { name reviews } }')).toMatchObject({ product: { name: 'new' } });
    expect(runs).toEqual({ product: 1, reviews: 2 });
    await ask('mutation { reset }');
    await ask('{ product(id: "1") { name } }');
    expect(runs['product']).toBe(2);
  });

  it('vary: queries and fields are separate for each user', async () => {
    const greet = (user: string) => ask('{ greeting(greeting: "hi") product(id: "1") { price } }', user);
    const ann = await greet('ann');
    const bob = await greet('bob');
    expect(await greet('ann')).toEqual(ann);
    expect(bob).not.toEqual(ann);
    expect(runs).toEqual({ greeting: 2, price: 2, product: 1 });
  });

  it('request-scoped resolvers share their entries', async () => {
    await ask('{ scoped(id: "1") }');
    expect(await ask('{ scoped(id: "1") }')).toEqual({ scoped: '1' });
    expect(runs['scoped']).toBe(1);
  });

  it('the interceptor can be bound to a resolver', () => {
    expect(app.get(CacheContextInterceptor)).toBeInstanceOf(CacheContextInterceptor);
  });
});
