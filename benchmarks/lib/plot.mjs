const width = 760;
const left = 250;
const right = 90;
const barHeight = 22;
const colors = { own: '#0b6e4f', other: '#8a94a6', base: '#c9ced8', text: '#1f2933', line: '#d9dee6' };

/** Horizontal bars from 0, in groups with titles; `digits` formats the values. */
export function bars(title, groups, format) {
  const most = Math.max(...groups.flatMap(({ items }) => items.map(({ value }) => value)));
  const scale = (value) => ((width - left - right) * value) / most;
  const parts = [];
  let y = 44;
  for (const { title: heading, items } of groups) {
    parts.push(text(12, y, heading, 'bold'));
    y += 10;
    for (const { name, value, kind = 'other' } of items) {
      parts.push(
        text(left - 8, y + 15, name, 'normal', 'end'),
        `<rect x="${left}" y="${y + 2}" width="${Math.max(1, scale(value)).toFixed(1)}" height="${barHeight - 6}" fill="${colors[kind]}"/>`,
        text(left + scale(value) + 6, y + 15, format(value)),
      );
      y += barHeight;
    }
    y += 24;
  }
  return svg(y, title, parts);
}

/** Lines over a logarithmic x axis and a logarithmic y axis. */
export function lines(title, series, { x, y }) {
  const height = 420;
  const box = { left: 80, right: 190, top: 50, bottom: 50 };
  const points = series.flatMap(({ points }) => points).filter(({ y }) => y > 0);
  const range = (values) => [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  const [x0, x1] = range(points.map((point) => point.x));
  const [low, high] = range(points.map((point) => point.y));
  const [y0, y1] = [Math.floor(low), Math.max(Math.floor(low) + 1, Math.ceil(high))];
  const atX = (value) => box.left + ((Math.log10(value) - x0) / (x1 - x0)) * (width - box.left - box.right);
  const atY = (value) =>
    height - box.bottom - ((Math.log10(value) - y0) / (y1 - y0)) * (height - box.top - box.bottom);
  const parts = [];
  for (let power = y0; power <= y1; power++) {
    const at = atY(10 ** power);
    parts.push(
      `<line x1="${box.left}" x2="${width - box.right}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}" stroke="${colors.line}"/>`,
      text(box.left - 8, at + 4, (10 ** power).toLocaleString('en-US'), 'normal', 'end'),
    );
  }
  for (const value of new Set(points.map((point) => point.x)))
    parts.push(text(atX(value), height - box.bottom + 18, value.toLocaleString('en-US'), 'normal', 'middle'));
  parts.push(text((box.left + width - box.right) / 2, height - 12, x, 'normal', 'middle'), text(12, 42, y));
  series.forEach(({ name, points }, index) => {
    const color = palette[index % palette.length];
    const drawn = points.filter(({ y }) => y > 0);
    const path = drawn.map((point) => `${atX(point.x).toFixed(1)},${atY(point.y).toFixed(1)}`).join(' ');
    parts.push(`<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`);
    for (const point of drawn)
      parts.push(
        `<circle cx="${atX(point.x).toFixed(1)}" cy="${atY(point.y).toFixed(1)}" r="3" fill="${color}"/>`,
      );
    const legendY = box.top + 18 * index;
    parts.push(
      `<rect x="${width - box.right + 14}" y="${legendY - 9}" width="12" height="10" fill="${color}"/>`,
      text(width - box.right + 32, legendY, name),
    );
  });
  return svg(height, title, parts);
}

const palette = ['#0b6e4f', '#c8553d', '#2f5d9b', '#8a6fb0', '#b08900', '#5f6b7a'];

function svg(height, title, parts) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif" font-size="12">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(12, 22, title, 'bold'),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function text(x, y, content, weight = 'normal', anchor = 'start') {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-weight="${weight}" text-anchor="${anchor}" fill="${colors.text}">${escape(content)}</text>`;
}

function escape(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
