// A recording as lines that a person reads: when, who, what. Whatever steers a terminal is left out, so that reading it
// at one does nothing; a screen that was drawn and drawn over again reads as what was written, line by line.
import { printable } from '#contract/diagnostic.ts';
import type { RecordedEvent, RecordingHead } from '#contract/recording.ts';
import { TypedLines } from './typed.ts';
import type { Entered } from './typed.ts';
import { Utf8Parts } from './utf8.ts';

/** Characters of one line; a longer one goes on in the next. */
const lineLimit = 4096;

export async function* transcript(
  { began }: RecordingHead,
  events: AsyncIterable<RecordedEvent>,
): AsyncGenerator<string, void, undefined> {
  for await (const line of linesOf(events)) yield lineText(began, line);
}

/** A line of it as it is printed. */
export const lineText = (began: number, { t, kind, said }: Line): string =>
  `${new Date(began + Math.floor(t / 1000)).toISOString()}  ${kind.padEnd(6)}  ${said}\n`;

export async function* linesOf(
  events: AsyncIterable<RecordedEvent>,
): AsyncGenerator<Line, void, undefined> {
  const lines = new Lines();
  for await (const event of events) yield* lines.take(event);
  yield* lines.end();
}

export interface Line {
  /** Of its first byte, µs. */
  readonly t: number;
  readonly kind: RecordedEvent['kind'];
  readonly said: string;
}

/** Puts output together to lines. */
class Lines {
  readonly #output = new Utf8Parts();
  #shown = '';
  #shownFrom = 0;
  readonly #typed = new TypedLines();

  take(event: RecordedEvent): Line[] {
    if (event.kind === 'output') return this.#show(event.t, this.#output.text(event.bytes));
    if (event.kind === 'input' || event.kind === 'secret')
      return this.#typed.take(0, event).map(lineOf);
    const before = this.#typed.end().map(lineOf);
    return [...before, { t: event.t, kind: event.kind, said: textOf(event) }];
  }

  end(): Line[] {
    return [
      ...this.#typed.end().map(lineOf),
      ...this.#show(this.#shownFrom, this.#output.end(), true),
    ];
  }

  #show(t: number, text: string, last = false): Line[] {
    if (this.#shown === '') this.#shownFrom = t;
    const whole = `${this.#shown}${text}`.split('\n');
    this.#shown = whole.pop() ?? '';
    if (this.#shown !== '' && (last || this.#shown.length > lineLimit)) {
      whole.push(this.#shown);
      this.#shown = '';
    }
    return whole.flatMap((line, index) => {
      const from = index === 0 ? this.#shownFrom : t;
      if (index === whole.length - 1) this.#shownFrom = t;
      return wrapped(line).map((said) => ({ t: from, kind: 'output' as const, said }));
    });
  }
}

function lineOf({ t, by, auto, text, length }: Entered): Line {
  if (text === undefined) return { t, kind: 'secret', said: `${by} ${length} bytes typed unseen` };
  const said = `${by}${auto ? ' (its terminal)' : ''} ${printable(JSON.stringify(text))}`;
  return { t, kind: 'input', said };
}

function textOf(event: Exclude<RecordedEvent, { kind: 'output' | 'input' | 'secret' }>): string {
  switch (event.kind) {
    case 'resize':
      return `${event.about.cols} x ${event.about.rows}`;
    case 'exit':
      return `code ${event.about.code}`;
    case 'state':
    case 'mark':
      return printable(JSON.stringify(event.about));
  }
}

function wrapped(text: string): string[] {
  const plain = plainText(text);
  const parts: string[] = [];
  for (let at = 0; at < plain.length; at += lineLimit) parts.push(plain.slice(at, at + lineLimit));
  return parts.length === 0 ? [''] : parts;
}

/** Sequences that steer a terminal [ECMA-48 5.4, 5.6; xterm's OSC, which may end with BEL]. */
const sequences =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[PX^_][^\u001B]*(?:\u001B\\)?|[ -/]*[0-~])/g;

/** A line of output without what steers a terminal, and without what was overwritten by a return in it. */
function plainText(text: string): string {
  const shown = text.replaceAll(sequences, '').replaceAll(/\r+$/g, '');
  return printable(shown.slice(shown.lastIndexOf('\r') + 1));
}
