// A viewer of a stream or a socket without a network between: the product's own client, and what it was shown.
import { createHash } from 'node:crypto';
import { ShellClient } from '#contract/shell-client.ts';
import { decodeFromViewer, encodeFrame } from '#contract/shell-frames.ts';
import type { StationSays, TerminalSize } from '#contract/shell-frames.ts';
import type { SessionView } from '#contract/shell.ts';
import type { Watch } from '#controller/shell/parts.ts';
import type { OutputStream } from '#controller/shell/stream.ts';

/** A session as it may be told; only its form matters here. */
export const someView: SessionView = {
  id: 'sh-0123456789abcdef',
  tier: 'T2',
  state: 'Running',
  by: 'user:ann',
  reason: 'a test',
  asked: 0,
  present: false,
  lacks: [],
  participants: [],
  recorded: { bytes: 0, ok: true },
};

/** Draws into a buffer; `stall` keeps it from saying that it has drawn. */
export class LoopClient {
  readonly client: ShellClient;
  readonly said: StationSays[] = [];
  readonly sizes: TerminalSize[] = [];
  bytes = 0;
  snapshots = 0;
  code: number | undefined;
  #hash = createHash('sha256');
  #last: Buffer[] = [];
  #shown: (() => void)[] = [];
  #stalled = false;

  constructor(id: string, send: (frame: Uint8Array) => void) {
    this.client = new ShellClient(id.padEnd(32, '0'), {
      send,
      output: (bytes, shown) => {
        this.bytes += bytes.length;
        this.#hash.update(bytes);
        this.#last = [...this.#last.slice(-8), Buffer.from(bytes)];
        if (this.#stalled) this.#shown.push(shown);
        else shown();
      },
      reset: () => {
        this.snapshots += 1;
        this.bytes = 0;
        this.#last = [];
        this.#hash = createHash('sha256');
      },
      resized: (size) => void this.sizes.push(size),
      says: (says) => void this.said.push(says),
      exited: (code) => (this.code = code),
    });
  }

  /** The last that was drawn, some of it. */
  get text(): string {
    return Buffer.concat(this.#last).toString('latin1');
  }

  get sha(): string {
    return this.#hash.copy().digest('hex');
  }

  stall(): void {
    this.#stalled = true;
  }

  goOn(): void {
    this.#stalled = false;
    for (const shown of this.#shown.splice(0)) shown();
  }

  refused(): string[] {
    return this.said.flatMap((says) => (says.type === 'refused' ? [says.code] : []));
  }
}

/** A client at a stream, on a line that can be cut. */
export function connected(stream: OutputStream, id: string, governs: boolean) {
  let watch: Watch | undefined;
  let line = 0;
  const loop = new LoopClient(id, (bytes) => {
    const frame = decodeFromViewer(bytes);
    if (frame.type === 'ack') watch?.parsed(frame.offset);
    if (frame.type !== 'ctrl' || frame.says.type !== 'hello') return;
    const { offset: from } = frame.says;
    const part = governs ? 'driver' : 'observer';
    const welcome = { type: 'welcome', part, view: someView, size: stream.size, inSeq: 0 } as const;
    loop.client.received(encodeFrame({ type: 'ctrl', says: welcome }));
    const mine = line;
    const send = (each: Uint8Array): void => {
      if (mine === line) loop.client.received(each);
    };
    watch = stream.watch({ send }, { governs, from });
  });
  return {
    loop,
    connect: () => loop.client.opened('t'),
    /** What is on the line is lost. */
    cut: () => {
      line += 1;
    },
    drop: () => {
      line += 1;
      watch?.end();
      watch = undefined;
      loop.client.closed();
    },
  };
}
