// A recording as asciicast v3, which other players read: a line of JSON each, seconds since the line before. Its text is
// UTF-8, so bytes that are none are replaced and counted; what was typed unseen is a marker that tells its length.
import type { RecordedEvent, RecordingHead } from '#contract/recording.ts';
import { Utf8Parts } from './utf8.ts';

/** What could not be written as it was recorded. */
export interface Losses {
  /** Places in output and input where bytes were no UTF-8. */
  readonly replaced: number;
}

type Code = 'o' | 'i' | 'm' | 'r' | 'x';

/** Gives the lines, and at the end what was lost in them. */
export async function* asciicast(
  head: RecordingHead,
  events: AsyncIterable<RecordedEvent>,
): AsyncGenerator<string, Losses, undefined> {
  const { cols, rows } = head.size;
  const timestamp = Math.floor(head.began / 1000);
  yield line({ version: 3, term: { cols, rows }, timestamp, title: head.title });
  const output = new Utf8Parts();
  const input = new Utf8Parts();
  let before = 0;
  let last = 0;
  const at = (t: number, code: Code, data: string): string => {
    const interval = (t - before) / 1e6;
    before = t;
    return line([interval, code, data]);
  };
  for await (const event of events) {
    last = event.t;
    const [code, data] = partOf(event, { output, input });
    if (data !== '') yield at(event.t, code, data);
  }
  for (const [code, rest] of [
    ['o', output.end()],
    ['i', input.end()],
  ] as const)
    if (rest !== '') yield at(last, code, rest);
  const replaced = output.replaced + input.replaced;
  if (replaced > 0) yield `# ${replaced} places were no UTF-8 and were replaced\n`;
  return { replaced };
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

function partOf(
  event: RecordedEvent,
  parts: { readonly output: Utf8Parts; readonly input: Utf8Parts },
): readonly [Code, string] {
  switch (event.kind) {
    case 'output':
      return ['o', parts.output.text(event.bytes)];
    case 'input':
      return ['i', parts.input.text(event.bytes)];
    case 'secret':
      return ['m', `${event.by}: ${event.length} bytes typed unseen`];
    case 'resize':
      return ['r', `${event.about.cols}x${event.about.rows}`];
    case 'exit':
      return ['x', String(event.about.code)];
    case 'state':
    case 'mark':
      return ['m', `${event.kind}: ${JSON.stringify(event.about)}`];
  }
}
