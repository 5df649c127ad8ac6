// A program's output on its way to a person's own terminal, without what would act there: titles, the clipboard, links,
// printing, window orders, and questions whose answers the terminal would type. It draws as it did; it only says less.
// [ECMA-48 5.4, 5.6; XTerm control sequences]

const esc = 0x1b;
/** A control sequence that is longer is none that anybody means. */
const sequenceLimit = 64;

/** ground: text. string: what is dropped up to its end. */
type State = 'ground' | 'escape' | 'sequence' | 'string' | 'string-escape';

export interface QuietOptions {
  /** Questions after who the terminal is, where its cursor stands and its modes go through: their answers are typed. */
  readonly answers: boolean;
}

export class QuietOutput {
  readonly #answers: boolean;
  #state: State = 'ground';
  #sequence: number[] = [];
  /** Bytes of a UTF-8 character that are still to come, and whether it began with C2: then it may be a C1 control. */
  #more = 0;
  #afterC2 = false;
  #out: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor({ answers }: QuietOptions) {
    this.#answers = answers;
  }

  /** What of it may be shown; what is cut at its end comes with the next. */
  pass(bytes: Uint8Array): Buffer {
    // What was held back from before, and at most one byte for each of these.
    this.#out = Buffer.allocUnsafe(bytes.length + sequenceLimit + 4);
    this.#length = 0;
    for (const byte of bytes) this.#take(byte);
    return this.#out.subarray(0, this.#length);
  }

  #take(byte: number): void {
    switch (this.#state) {
      case 'ground':
        return this.#ground(byte);
      case 'escape':
        return this.#escape(byte);
      case 'sequence':
        return this.#inSequence(byte);
      case 'string':
        if (byte === esc) this.#state = 'string-escape';
        // The end of a title, as XTerm has it; and what cancels any.
        else if (byte === 0x07 || byte === 0x18 || byte === 0x1a) this.#state = 'ground';
        return;
      case 'string-escape':
        this.#state = 'ground';
        if (byte === 0x5c) return;
        this.#state = 'escape';
        return this.#escape(byte);
    }
  }

  #ground(byte: number): void {
    if (byte === esc) {
      this.#dropHalf();
      this.#state = 'escape';
      return;
    }
    if (byte < 0x80) {
      this.#dropHalf();
      // ENQ: a question too.
      if (byte !== 0x05) this.#put(byte);
      return;
    }
    if (this.#more > 0 && byte < 0xc0) {
      this.#more -= 1;
      if (this.#afterC2) {
        this.#afterC2 = false;
        // C1 controls, which begin sequences in one character.
        if (byte < 0xa0) return;
        this.#put(0xc2);
      }
      this.#put(byte);
      return;
    }
    this.#dropHalf();
    // C1 in one byte, where a terminal takes it so.
    if (byte < 0xa0) return;
    this.#afterC2 = byte === 0xc2;
    this.#more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : 0;
    if (!this.#afterC2) this.#put(byte);
  }

  #escape(byte: number): void {
    if (byte === esc) return;
    this.#state = 'ground';
    if (byte === 0x5b) {
      this.#state = 'sequence';
      this.#sequence = [];
      return;
    }
    // DCS, SOS, OSC, PM, APC, and screen's title.
    if ([0x50, 0x58, 0x5d, 0x5e, 0x5f, 0x6b].includes(byte)) this.#state = 'string';
    // DECID, and an end without a beginning.
    else if (byte !== 0x5a && byte !== 0x5c) this.#put(esc, byte);
  }

  #inSequence(byte: number): void {
    if (byte === esc) {
      this.#state = 'escape';
    } else if (byte === 0x18 || byte === 0x1a || byte > 0x7e) {
      this.#state = 'ground';
    } else if (byte < 0x20) {
      // A control amid a sequence counts as if it stood before.
      if (byte !== 0x05) this.#put(byte);
    } else if (byte < 0x40) {
      this.#sequence.push(byte);
      if (this.#sequence.length > sequenceLimit) this.#state = 'string';
    } else {
      this.#state = 'ground';
      const within = String.fromCharCode(...this.#sequence);
      if (this.#mayPass(within, String.fromCharCode(byte)))
        this.#put(esc, 0x5b, ...this.#sequence, byte);
    }
  }

  #mayPass(within: string, final: string): boolean {
    switch (final) {
      case 'n':
        return this.#answers && (within === '5' || within === '6' || within === '?6');
      case 'c':
        return this.#answers && /^[>=]?0?$/.test(within);
      case 'p':
        return !within.endsWith('$') || (this.#answers && /^\??\d{1,5}\$$/.test(within));
      // Window orders and reports; printing; parameters; tests; the version; settings and checksums.
      case 't':
      case 'i':
      case 'x':
      case 'y':
        return false;
      case 'q':
        return !within.startsWith('>');
      case 'u':
      case 'w':
        return within === '';
      case 'h':
        // Tell when the window gets the eye, and when its colours change.
        return !/^\?(?:.*;)?(?:1004|2031|2048)(?:;|$)/.test(within);
      default:
        return true;
    }
  }

  /** A character that was begun and is not ended. */
  #dropHalf(): void {
    this.#more = 0;
    this.#afterC2 = false;
  }

  #put(...bytes: readonly number[]): void {
    for (const byte of bytes) this.#out[this.#length++] = byte;
  }
}
