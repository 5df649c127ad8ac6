// A device on loopback for driver tests: raw TCP, its own encoder, and every fault that a line has.
// It shares no code with the drivers, so that a mistake is not made twice.
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Fault, RigDevice } from './rig.ts';

export interface Protocol {
  /** The first whole request in `bytes`, or undefined while there is none. */
  split(bytes: Buffer): { request: Buffer; rest: Buffer } | undefined;
  /** Carries it out and answers. */
  answer(request: Buffer): Buffer;
  /** An answer to this request that the protocol does not allow. */
  garbage(request: Buffer): Buffer;
}

export class RigServer implements RigDevice {
  /** Requests that came, over all connections. */
  requests = 0;
  connections = 0;
  /** Decides the fate of the n-th request, n = 1, 2, ... from `begin`. */
  fault: (n: number) => Fault | undefined = () => undefined;
  /** Sends each answer byte by byte. */
  pieces = false;
  /** Milliseconds that the device takes for an answer. */
  delay = 0;
  readonly #protocol: Protocol;
  readonly #sockets = new Set<Socket>();
  #asker: Socket | undefined;
  #server: Server | undefined;
  #port = 0;
  #from = 0;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Open connections. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Listens; the second time on the same port. */
  async listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** From here on requests are counted anew for `fault`. */
  begin(fault: (n: number) => Fault | undefined): void {
    this.#from = this.requests;
    this.fault = fault;
  }

  /** Ends every connection with a reset. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Says something to whoever asked last, as long as that connection lives. */
  speaker(): (bytes: Uint8Array) => void {
    const socket = this.#asker;
    return (bytes) => {
      if (socket?.destroyed === false) socket.write(bytes);
    };
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.cut();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    let received: Buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (;;) {
        const found = this.#protocol.split(received);
        if (found === undefined) return;
        received = found.rest;
        this.requests += 1;
        this.#asker = socket;
        this.#take(socket, found.request, this.fault(this.requests - this.#from));
      }
    });
  }

  #take(socket: Socket, request: Buffer, fault: Fault | undefined): void {
    const send = (bytes: Buffer): void => {
      if (this.pieces) void sendPieces(socket, bytes);
      else if (this.delay === 0) socket.write(bytes);
      else setTimeout(() => !socket.destroyed && socket.write(bytes), this.delay);
    };
    switch (fault) {
      case undefined:
        return send(this.#protocol.answer(request));
      case 'cut':
        socket.resetAndDestroy();
        return;
      case 'silence':
        return;
      case 'garbage':
        return send(this.#protocol.garbage(request));
      case 'half': {
        const answer = this.#protocol.answer(request);
        socket.write(answer.subarray(0, Math.floor(answer.length / 2)), () => socket.destroy());
        return;
      }
    }
  }
}

async function sendPieces(socket: Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
