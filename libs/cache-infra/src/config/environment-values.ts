/** How the text of a variable reads; what it cannot be read as stays text, and fails the check of its option. */
export const text = (value: string): unknown => value;
export const number = (value: string): unknown => (/^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value);
export const flag = (value: string): unknown => {
  if (/^(true|1|yes|on)$/i.test(value)) return true;
  return /^(false|0|no|off)$/i.test(value) ? false : value;
};
