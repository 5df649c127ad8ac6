// A bare Modbus TCP client for the simulator's tests: bytes out, bytes in, nothing understood.
import { connect, type Socket } from 'node:net';

export class Client {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => {};
  /** How it ended: undefined while it is open. */
  ended: string | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (this.ended = error.code ?? 'error'));
    socket.on('close', () => {
      this.ended ??= 'closed';
      this.#wake();
    });
  }

  static async open(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Client(socket);
  }

  /** As soon as somebody listens there, within some seconds. */
  static async reach(port: number): Promise<Client> {
    const until = performance.now() + 5000;
    for (;;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one try after the other
        return await Client.open(port);
      } catch (error) {
        if (performance.now() > until) throw error;
        // oxlint-disable-next-line no-await-in-loop -- one try after the other
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  send(hex: string): void {
    this.socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  }

  /** What came within `ms`, taken away, as soon as there are `length` bytes or the end. */
  async take(length: number, ms = 2000): Promise<string> {
    const until = performance.now() + ms;
    // A timer may run a little early: two ms later it is surely over.
    const timer = setTimeout(() => this.#wake(), ms + 2);
    while (this.#bytes.length < length && this.ended === undefined && performance.now() < until) {
      // oxlint-disable-next-line no-await-in-loop -- until enough has come
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    clearTimeout(timer);
    const taken = this.#bytes.subarray(0, length).toString('hex');
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  async closed(): Promise<string> {
    while (this.ended === undefined) {
      // oxlint-disable-next-line no-await-in-loop -- until it has ended
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.ended;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
