import { Injectable } from '@nestjs/common';
import { Cacheable } from 'nestjs-cache-infra';

/** In a function: a bundler may give the classes of two functions one name. */
export const FirstService = (() => {
  @Injectable()
  class FirstService {
    @Cacheable()
    async find(id: string): Promise<string> {
      return `first ${id}`;
    }
  }
  return FirstService;
})();
