// How the text of an environment variable reads. Text of another form stays text, and fails the check of its option.

export function plainText(text: string): unknown {
  return text;
}

export function numberText(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** `true`, `1`, `yes`, `on` and their opposites, upper or lower case alike. */
export function flagText(text: string): unknown {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  return /^(false|0|no|off)$/i.test(text) ? false : text;
}
