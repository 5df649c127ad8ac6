// Output that a screen need not read: a flood of lines that only scrolls by. What follows it fills the screen and all that is
// kept above it, so that nothing of it would be left. Plain is text, ends of lines, tabs and colours; anything else that a
// terminal obeys is read. (One screen would differ: text below a scrolling region, where lines do not move.)

export interface Flood {
  /** From the beginning of a line to the beginning of another. */
  readonly from: number;
  readonly to: number;
  /** The colours that hold at its end. */
  readonly colours: Uint8Array;
}

const esc = 0x1b;
const newline = 0x0a;
/** Colours are taken from the last time that they were reset; so far back it is looked for. */
const colourLimit = 4096;

/** What may be left out of `bytes`, when at least `lines` lines must follow it; or before which byte nothing may. */
export function findFlood(bytes: Buffer, lines: number): Flood | number {
  const from = bytes.indexOf('\r\n') + 2;
  if (from < 2) return bytes.length;
  let to = bytes.length;
  for (let count = 0; count <= lines; count += 1) {
    if (to < 1) return bytes.length;
    to = bytes.lastIndexOf(newline, to - 1);
  }
  to += 1;
  if (to <= from || bytes[to - 2] !== 0x0d) return bytes.length;
  const odd = oddOf(bytes, from, to);
  if (odd !== undefined) return odd + 1;
  const colours = coloursOf(bytes, from, to);
  return colours === undefined ? to : { from, to, colours };
}

/** The first byte that is not plain. */
function oddOf(bytes: Buffer, from: number, to: number): number | undefined {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x20 && byte < 0x7f) continue;
    if (byte === newline || byte === 0x0d || byte === 0x08 || byte === 0x09) continue;
    if (byte === esc) {
      const end = colourEnd(bytes, at, to);
      if (end === undefined) return at;
      at = end;
      continue;
    }
    // Letters of more than one byte, but not C1 controls.
    const control = byte === 0xc2 && (bytes[at + 1] ?? 0) < 0xa0;
    if (byte < 0x80 || control) return at;
  }
  return undefined;
}

/** Where the control sequence at `at` ends, if it sets colours. */
function colourEnd(bytes: Buffer, at: number, to: number): number | undefined {
  if (bytes[at + 1] !== 0x5b) return undefined;
  for (let end = at + 2; end < to && end < at + 64; end += 1) {
    const byte = bytes[end] ?? 0;
    if (byte === 0x6d) return end;
    // Digits, colon and semicolon.
    if (byte < 0x30 || byte > 0x3b) return undefined;
  }
  return undefined;
}

/** All settings of colour since they were last reset; none where there was no setting; undefined where it is too far. */
function coloursOf(bytes: Buffer, from: number, to: number): Uint8Array | undefined {
  if (bytes.subarray(from, to).indexOf(esc) < 0) return new Uint8Array(0);
  const reset = Math.max(
    bytes.subarray(from, to).lastIndexOf('\u001B[m'),
    bytes.subarray(from, to).lastIndexOf('\u001B[0m'),
  );
  if (reset < 0 || to - from - reset > colourLimit) return undefined;
  const text = bytes.toString('latin1', from + reset, to);
  return Buffer.from((text.match(colour) ?? []).join(''), 'latin1');
}

const colour = new RegExp(String.raw`\u001b\[[0-9:;]*m`, 'g');
