import { describe, expect, it } from '@jest/globals';

import { advancedInEffect, baseAdvanced, flatOptions } from './advanced-options.js';
import { defaultAdvancedOptions } from './default-options.js';

const clock = { now: () => 0 };

describe('advancedInEffect', () => {
  it('puts the given options over their defaults, and takes undefined for not given', () => {
    const given = { breakerThreshold: 5, leaseDuration: undefined, clock };
    expect(advancedInEffect(given)).toEqual({ ...defaultAdvancedOptions, breakerThreshold: 5, clock });
    expect(advancedInEffect(undefined)).toEqual(defaultAdvancedOptions);
  });
});

describe('baseAdvanced', () => {
  it('keeps the options that apply in memory', () => {
    expect(baseAdvanced({ clock, graceBackoff: '2s', adviser: false })).toEqual({
      clock,
      graceBackoff: '2s',
    });
    expect(baseAdvanced(undefined)).toEqual({});
  });
});

describe('flatOptions', () => {
  it('names each option that is set by its path', () => {
    const options = { defaultTtl: 5, grace: undefined, advanced: { clock, adviser: undefined } };
    expect(flatOptions(options)).toEqual({ defaultTtl: 5, 'advanced.clock': clock });
  });
});
