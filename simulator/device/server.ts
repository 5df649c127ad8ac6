// A Modbus TCP server: it takes frames off sockets and answers them in order. It does not interpret them.
import { createServer, type Server, type Socket } from 'node:net';
import { assert } from '#contract/error.ts';
import type { Random } from '#contract/time.ts';
import { answer, frameOf, takeFrames, type Memory } from './pdu.ts';
import { wrongAnswer } from './wrong-answer.ts';

/** Answers that may wait for a client that does not read, in bytes, and clients at once. */
const unreadLimit = 256 * 1024;
const clientLimit = 64;

export class ModbusServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #random: Random;
  readonly #units: ReadonlyMap<number, Memory>;
  /** It does what it is asked, and answers something else. */
  wrong = false;

  /** `random` chooses what is wrong with an answer. */
  constructor(random: Random, units: ReadonlyMap<number, Memory>) {
    this.#random = random;
    this.#units = units;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = clientLimit;
  }

  /** Takes a free loopback port; its number. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    const at = this.#server.address();
    assert(at !== null && typeof at === 'object', 'a TCP server has a port');
    return at.port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    // Small answers must not wait for the acknowledgement of the one before.
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    let waiting: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      const taken = takeFrames(waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]));
      // What is not Modbus cannot be answered, and nothing after it can be trusted [TCP 4.4.2].
      if (taken === undefined) return void socket.destroy();
      waiting = taken.rest;
      const answers = taken.frames.map((frame) => {
        const response = answer(this.#units.get(frame.unit), frame.request);
        return this.wrong ? wrongAnswer(this.#random, frame, response) : frameOf(frame, response);
      });
      if (answers.length > 0) socket.write(Buffer.concat(answers));
      if (socket.writableLength > unreadLimit) socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
