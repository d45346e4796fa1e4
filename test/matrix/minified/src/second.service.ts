import { Injectable } from '@nestjs/common';
import { Cacheable } from 'nestjs-cache-infra';

/** In a function: a bundler may give the classes of two functions one name. */
export const SecondService = (() => {
  @Injectable()
  class SecondService {
    @Cacheable()
    async find(id: string): Promise<string> {
      return `second ${id}`;
    }
  }
  return SecondService;
})();
