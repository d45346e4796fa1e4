import type { Product } from '../catalogue/product.js';
import { cacheStatus } from './http.js';
import type { DemoClient, Reply } from './http.js';
import type { Report } from './report.js';

const inkwell = { name: 'Inkwell', price: 2400, stock: 7 };

/** Reads through the cache, and shows that a write invalidates stale entries. */
export async function tourCatalogue(demo: DemoClient, report: Report): Promise<void> {
  const rows = [['request', 'status', 'ms', 'Cache-Status']];
  const show = <T>(request: string, reply: Reply<T>): Reply<T> => {
    rows.push([request, String(reply.status), reply.milliseconds.toFixed(1), cacheStatus(reply)]);
    return reply;
  };
  const put = (product: object): Promise<Reply<Product>> => demo.put<Product>('/products/inkwell', product);
  const list = async (): Promise<Reply<Product[]>> =>
    show('GET /products', await demo.get<Product[]>('/products'));
  const one = async (): Promise<Reply<Product>> => {
    return show('GET /products/inkwell', await demo.get<Product>('/products/inkwell'));
  };

  show('PUT /products/inkwell', await put(inkwell));
  const fromPut = await one();
  const firstList = await list();
  const secondList = await list();
  show('PUT /products/inkwell (price 1900)', await put({ ...inkwell, price: 1900 }));
  const cheaper = await one();
  const thirdList = await list();
  show('DELETE /products/inkwell', await demo.delete('/products/inkwell'));
  const gone = await one();
  const fourthList = await list();
  report.table(rows);

  report.check(
    '@CachePut: what was written is read from the cache',
    isHit(fromPut) && fromPut.body.price === 2400,
    fromPut,
  );
  report.check(
    '@Cacheable: the second list comes from the cache',
    !isHit(firstList) && isHit(secondList),
    rows,
  );
  report.check(
    '@CachePut: the new price is there at once',
    isHit(cheaper) && cheaper.body.price === 1900,
    cheaper,
  );
  report.check(
    '@CacheEvict: the list is read anew, with the new price',
    !isHit(thirdList) && priceIn(thirdList) === 1900,
    thirdList,
  );
  report.check(
    '@CacheEvict: what was deleted is gone, from the list as well',
    gone.status === 404 && !isHit(fourthList) && priceIn(fourthList) === undefined,
    gone,
  );
}

function isHit(reply: Reply<unknown>): boolean {
  return /^hit\b/.test(cacheStatus(reply));
}

function priceIn({ body }: Reply<Product[]>): number | undefined {
  return body.find(({ id }) => id === 'inkwell')?.price;
}
