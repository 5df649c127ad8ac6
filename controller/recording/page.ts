// One page of a recording's events, in the form in which they are told: bounded in bytes and in number.
import type * as z from 'zod';
import { pageBytes, pageEvents } from '#contract/recording-routes.ts';
import type {
  FramesQuery,
  PlayedEvent,
  RecordingMark,
  TypedLine,
  readFrames,
} from '#contract/recording-routes.ts';
import type { RecordedEvent, TerminalSize } from '#contract/recording.ts';
import type { NumberedEvent, ReadFile } from './reader.ts';
import type { Entered } from './typed.ts';

export type Asked = FramesQuery;
export type RecordingPage = z.infer<typeof readFrames.answer>;

export class PageOfEvents {
  readonly #asked: Asked;
  readonly #events: PlayedEvent[] = [];
  #bytes = 0;
  #more = false;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  get empty(): boolean {
    return this.#events.length === 0;
  }

  /** False: it is full, or what follows was not asked for. */
  add({ head, events }: ReadFile): boolean {
    const { from = 0, after = -1, to = Infinity } = this.#asked;
    for (const numbered of events) {
      const { n, event } = numbered;
      if (n <= after || event.t < from) continue;
      if (event.t >= to) return false;
      if (this.#bytes >= pageBytes || this.#events.length >= pageEvents) {
        this.#more = true;
        return false;
      }
      this.#events.push(played(numbered, head.began));
      this.#bytes += sizeOf(event);
    }
    return true;
  }

  /** Something follows, on another page. */
  cut(): void {
    this.#more = true;
  }

  end(screen?: { t_us: number; size: TerminalSize; screen: Uint8Array }): RecordingPage {
    const next = this.#more ? (this.#events.at(-1)?.n ?? null) : null;
    const page = { events: this.#events, next };
    if (screen === undefined) return page;
    return { ...page, keyframe: { ...screen, screen: Buffer.from(screen.screen).toString() } };
  }
}

function sizeOf(event: RecordedEvent): number {
  if ('bytes' in event) return event.bytes.length;
  return 'about' in event ? JSON.stringify(event.about).length : 0;
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

/** An event as it is told. `began`: UTC ms at which its session began. */
export function played({ n, event }: NumberedEvent, began: number): PlayedEvent {
  const place = { n, t_us: event.t, at: began + Math.floor(event.t / 1000) };
  switch (event.kind) {
    case 'output':
      return { kind: event.kind, ...place, data: base64(event.bytes) };
    case 'input': {
      const { kind, by, auto, bytes } = event;
      return { kind, ...place, by, auto, data: base64(bytes) };
    }
    case 'secret': {
      const { kind, by, auto, length } = event;
      return { kind, ...place, by, auto, length };
    }
    case 'resize':
      return { kind: event.kind, ...place, about: event.about };
    case 'exit':
      return { kind: event.kind, ...place, about: event.about };
    case 'state':
    case 'mark':
      return { kind: event.kind, ...place, about: JSON.parse(JSON.stringify(event.about)) };
  }
}

/** What was typed, as it is told. */
export function typedLine({ n, t, by, auto, text, length }: Entered, began: number): TypedLine {
  const place = { n, t_us: t, at: began + Math.floor(t / 1000), by, auto };
  return text === undefined
    ? { kind: 'secret', ...place, length }
    : { kind: 'input', ...place, text };
}

/** An event that is no bytes. */
export function isMark(event: PlayedEvent): event is RecordingMark {
  return event.kind !== 'output' && event.kind !== 'input' && event.kind !== 'secret';
}
