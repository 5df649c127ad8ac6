// A socket whose incoming bytes are looked at before anyone has them; what goes out goes as it is, and what waits to
// go out goes in one piece. What may pass is its heir's to say.
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

export abstract class ScreenedSocket extends Duplex {
  readonly #socket: Socket;

  /** `backlog`: bytes that may wait for whoever does not read; absent: what streams usually take. */
  constructor(socket: Socket, backlog?: number) {
    super({
      allowHalfOpen: false,
      ...(backlog === undefined ? {} : { writableHighWaterMark: backlog }),
    });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      const passed = this.screen(chunk);
      if (passed !== undefined && !this.push(passed)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** What passes of these bytes; undefined when nothing does, or when it has ended the connection for them. */
  protected abstract screen(chunk: Buffer): Buffer | undefined;

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  /** All that waits, in one call of the system. */
  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
