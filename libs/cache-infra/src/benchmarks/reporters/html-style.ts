/** Follows the light or dark scheme of the reader's system. Colours do not rely on red and green. */
export const htmlStyle = `
:root { color-scheme: light dark; --ink: #1c2127; --dim: #5b6570; --page: #ffffff; --card: #f5f7f9; --rule: #d7dde3;
  --bar: #2f6fb3; --mark: #b4520a; --bad: #a4262c; --good: #1b6e3c; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --dim: #9aa5b1; --page: #14181c; --card: #1d2329; --rule: #353e47;
  --bar: #6aa9e9; --mark: #f0a35e; --bad: #ff8b85; --good: #6fcf97; --warn: #f2c261; } }
body { margin: 0 auto; max-width: 1240px; padding: 24px; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 18px; margin: 32px 0 8px; } p { margin: 4px 0; color: var(--dim); }
.passed { color: var(--good); } .failed, .failure { color: var(--bad); } .warning { color: var(--warn); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); }
th { color: var(--dim); font-weight: 600; } .label { text-align: left; }
.plots { display: grid; align-items: start; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); }
figure { margin: 0; padding: 12px; background: var(--card); border-radius: 8px; } figcaption { font-weight: 600; font-size: 13px; }
svg { width: 100%; height: auto; } svg text { fill: var(--dim); font: 12px system-ui, sans-serif; }
.bar { fill: var(--bar); } .axis { stroke: var(--dim); } .grid { stroke: var(--rule); } .mark { stroke: var(--mark); stroke-dasharray: 4 3; }
.line { fill: none; stroke: var(--bar); stroke-width: 2; } .band { fill: var(--bar); opacity: .18; } .dot { fill: var(--bar); }
`;
