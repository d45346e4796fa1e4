import { MemoryBudget, type BudgetMember, type Heap } from './memory-budget.js';

const mebibyte = 2 ** 20;

/** An L1 whose entries take 1000 bytes each. */
class FakeL1 implements BudgetMember {
  size = 0;
  hitCount = 0;

  get bytes(): number {
    return this.size * 1000;
  }

  hits(): number {
    return this.hitCount;
  }

  evictOne(): void {
    this.size--;
  }
}

describe('the budget of all L1s', () => {
  const time = { ms: 0 };
  let heap: Heap;
  let budget: MemoryBudget;
  beforeEach(() => {
    time.ms = 0;
    heap = { total: 0, limit: 100 * mebibyte };
    budget = new MemoryBudget(
      () => time.ms,
      () => heap,
    );
  });

  function joined(maxBytes: number): FakeL1 {
    const l1 = new FakeL1();
    budget.join(l1, maxBytes);
    return l1;
  }

  function store(l1: FakeL1, count = 1, bytes = 1000): void {
    for (let i = 0; i < count; i++) {
      l1.size++;
      budget.stored(bytes);
    }
  }

  it('is the smallest that an L1 allows, as long as it is there', () => {
    joined(5000);
    const small = joined(3000);
    expect(budget.maxBytes).toBe(3000);
    budget.leave(small);
    expect(budget.maxBytes).toBe(5000);
  });

  it('is kept by all L1s together', () => {
    const [one, other] = [joined(10_000), joined(10_000)];
    store(one, 8);
    store(other, 20);
    expect(budget.bytes).toBe(10_000);
    expect([one.size, other.size]).toEqual([5, 5]);
  });

  it('goes to the L1s in proportion to their hits', () => {
    const [busy, idle] = [joined(100_000), joined(100_000)];
    for (let round = 0; round < 100; round++) {
      busy.hitCount += 30;
      idle.hitCount += 10;
      store(busy, 10);
      store(idle, 10);
    }
    expect(budget.bytes).toBe(100_000);
    expect(busy.size / idle.size).toBeCloseTo(3, 0);
  });

  it('forgets old hits', () => {
    const [before, now] = [joined(10_000), joined(10_000)];
    before.hitCount = 1000;
    store(before, 10);
    store(now, 1);
    time.ms += 200_000;
    now.hitCount = 1000;
    store(now, 20);
    expect(now.size).toBeGreaterThan(before.size);
  });

  it('shrinks under heap pressure, and again once the heap has grown or stores have filled it', () => {
    const l1 = joined(1_000_000);
    store(l1, 800);
    heap = { total: 79 * mebibyte, limit: 100 * mebibyte };
    store(l1, 1, mebibyte);
    expect(l1.size).toBe(801);
    heap = { total: 81 * mebibyte, limit: 100 * mebibyte };
    store(l1, 1, mebibyte);
    expect(l1.size).toBe(701);
    store(l1, 10, 10_000);
    expect(l1.size).toBe(711);
    heap = { total: 83 * mebibyte, limit: 100 * mebibyte };
    store(l1, 1, mebibyte);
    expect(l1.size).toBe(623);
    store(l1, 1, mebibyte);
    expect(l1.size).toBe(624);
    store(l1, 1, mebibyte);
    expect(l1.size).toBe(546);
  });

  it('looks at the heap at every 64th store of small entries', () => {
    const l1 = joined(1_000_000);
    heap = { total: 90 * mebibyte, limit: 100 * mebibyte };
    store(l1, 63, 10);
    expect(l1.size).toBe(63);
    store(l1, 1, 10);
    expect(l1.size).toBe(56);
  });
});
