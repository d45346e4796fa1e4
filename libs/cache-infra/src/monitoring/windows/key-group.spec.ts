import { sha256 } from '../../keys/digest.js';
import { groupOf } from './key-group.js';

describe('the group of a key', () => {
  it.each([
    ['user', 'user'],
    ['user:42', 'user:*'],
    ['user:42:orders', 'user:*:orders'],
    ['user/42/orders?page=2', 'user/*/orders?page=*'],
    ['api:v2:products:17', 'api:v2:products:*'],
    ['i18n:de', 'i18n:de'],
    ['order-2024-11-03', 'order-*'],
    ['user_42', 'user_*'],
    ['sku123', 'sku*'],
    ['42', '*'],
    ['session:3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'session:*'],
    ['session:DEADBEEF01', 'session:*'],
    ['token:V1StGXR8_Z5jdHi6B-myT', 'token:*'],
    ['mail:ada@example.org', 'mail:*'],
    ['ada@example.org', '*'],
    [`q:${'how do I '.repeat(30)}`, 'q:*'],
    [`q:${'x'.repeat(300)}`, 'q:*'],
    [`ProductsService.find:${sha256('[42]')}`, 'ProductsService.find(*)'],
    [`Base.find@Sub:${sha256('[]')}`, 'Base.find@Sub(*)'],
    [`page:${sha256('x')}`, 'page:*'],
    ['a:b:c:d:e:f:g', 'a:b:c:d:e:*'],
    ['user::7:', 'user::*:'],
    [':', ':'],
    ['größe:7', 'größe:*'],
  ])('%s is %s', (key, group) => {
    expect(groupOf(key)).toBe(group);
  });
});
