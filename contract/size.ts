// A size of memory or disk as it stands in YAML: text with a unit, in code bytes.
import * as z from 'zod';

/** `8GB`, `500MB`, `64KB`; decimal units, in bytes. */
export const SizeText = z
  .string()
  .regex(/^\d{1,6}(?:KB|MB|GB|TB)$/, 'a whole number with KB, MB, GB or TB')
  .transform((text) => {
    const unit = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }[text.slice(-2)] ?? 1;
    return Number(text.slice(0, -2)) * unit;
  })
  .meta({ description: 'a whole number with KB, MB, GB or TB' });
