// The keys that leave a shell and stay out of it: `~.` at the beginning of a line, as ssh has it; `~~` is one `~`.
// Whoever only watches leaves with `q` or Ctrl-C as well.

export class DetachKeys {
  readonly #types: boolean;
  #atStart = true;
  #tilde = false;

  constructor(types: boolean) {
    this.#types = types;
  }

  /** What of it was meant for the shell; after `detach` nothing is. One character a byte. */
  press(text: string): { readonly typed: string; readonly detach: boolean } {
    let typed = '';
    for (const key of text) {
      if (this.#tilde) {
        this.#tilde = false;
        if (key === '.') return { typed, detach: true };
        typed += key === '~' ? '~' : `~${key}`;
        this.#atStart = key === '\r' || key === '\n';
      } else if (key === '~' && this.#atStart) this.#tilde = true;
      else if (!this.#types && (key === 'q' || key === '\u0003')) return { typed, detach: true };
      else {
        typed += key;
        this.#atStart = key === '\r' || key === '\n';
      }
    }
    return { typed, detach: false };
  }
}
