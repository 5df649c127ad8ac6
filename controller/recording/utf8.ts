// Text of bytes that come in parts, where a character may be cut, and what is no UTF-8 is replaced and counted.

const replacement = '\u{FFFD}';
const replacementBytes = Buffer.from(replacement);

export class Utf8Parts {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** The last two bytes, so that a replacement that was written as such is found across parts. */
  #tail = Buffer.alloc(0);
  #replaced = 0;

  /** Places where bytes that are no UTF-8 were replaced. */
  get replaced(): number {
    return this.#replaced;
  }

  text(bytes: Uint8Array): string {
    const whole = Buffer.concat([this.#tail, bytes]);
    this.#tail = whole.subarray(Math.max(0, whole.length - 2));
    const text = this.#decoder.decode(bytes, { stream: true });
    this.#replaced += count(text) - given(whole);
    return text;
  }

  /** What is left of a character that was cut. */
  end(): string {
    const text = this.#decoder.decode();
    this.#replaced += count(text);
    return text;
  }
}

const count = (text: string): number => text.split(replacement).length - 1;

function given(bytes: Buffer): number {
  let found = 0;
  for (
    let at = bytes.indexOf(replacementBytes);
    at >= 0;
    at = bytes.indexOf(replacementBytes, at + replacementBytes.length)
  )
    found += 1;
  return found;
}
