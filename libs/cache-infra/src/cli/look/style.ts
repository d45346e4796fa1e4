/** Colours of a terminal; without them every style returns the text as it is. */
export type Style = Readonly<Record<StyleName, (text: string) => string>>;

/** The SGR codes that begin and end each style: ECMA-48, "Select Graphic Rendition". */
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  inverse: [7, 27],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type StyleName = keyof typeof codes;

export function styleFor({ colours }: { readonly colours: boolean }): Style {
  const styles = Object.entries(codes).map(([name, [begin, end]]) => [
    name,
    (text: string) => (colours && text !== '' ? `\u001b[${begin}m${text}\u001b[${end}m` : text),
  ]);
  return Object.fromEntries(styles) as Style;
}
