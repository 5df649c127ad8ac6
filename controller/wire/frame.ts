// Frames of control's door: u32 length (big endian), then UTF-8 JSON, one object with `type`.
// Knows no message; whoever reads one checks it against contract/wire.ts.
import { CellError } from '#contract/error.ts';
import { frameLimit } from '#contract/wire.ts';
import type { FromClient, FromControl } from '#contract/wire.ts';

/** One message as bytes. Throws `E_DOOR_SIZE` when it is larger than a frame may be. */
export function encodeFrame(message: FromControl | FromClient): Buffer {
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  if (body.length > frameLimit) {
    throw new CellError('E_DOOR_SIZE', `a ${message.type} message has ${body.length} bytes`);
  }
  const frame = Buffer.allocUnsafe(4 + body.length);
  frame.writeUInt32BE(body.length, 0);
  body.copy(frame, 4);
  return frame;
}

/** Cuts a stream of bytes into messages, in any pieces; holds at most one frame and the chunk that ends it. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;

  /** The messages that `chunk` completes. Throws `E_DOOR_SIZE` or `E_DOOR_FRAME`; the stream is then unusable. */
  push(chunk: Buffer): unknown[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const messages: unknown[] = [];
    for (let body = this.#take(); body !== undefined; body = this.#take()) {
      messages.push(parse(body));
    }
    return messages;
  }

  #take(): Buffer | undefined {
    if (this.#length < 4) return undefined;
    let all = this.#chunks[0] ?? Buffer.alloc(0);
    if (all.length < 4) all = this.#join();
    const size = all.readUInt32BE(0);
    if (size > frameLimit) {
      throw new CellError(
        'E_DOOR_SIZE',
        `a frame says it has ${size} bytes; ${frameLimit} are allowed`,
      );
    }
    if (this.#length < 4 + size) return undefined;
    if (all.length < 4 + size) all = this.#join();
    this.#length -= 4 + size;
    const rest = all.subarray(4 + size);
    if (rest.length === 0) this.#chunks.shift();
    else this.#chunks[0] = rest;
    return all.subarray(4, 4 + size);
  }

  #join(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch (cause) {
    throw new CellError('E_DOOR_FRAME', 'a frame is not UTF-8 JSON', { cause });
  }
}
