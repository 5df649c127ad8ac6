// Stands between an OPC UA client and its server, without security, and does to the client's n-th request
// what a line can do to it. It knows chunks [OPC 10000-6, 6.7.2] and nothing of what is in them: it keeps
// the sequence numbers whole when it takes a request out, since a stream does not lose single messages.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Fault, RigDevice } from './rig.ts';

/** Type, size; then channel, token, sequence number, request id. */
const headLength = 8;
const sequenceAt = 16;
const requestAt = 20;

export class OpcuaRelay implements RigDevice {
  requests = 0;
  connections = 0;
  delay = 0;
  pieces = false;
  /** May change a chunk of the server on its way; undefined: it is left out. */
  twist: (chunk: Buffer) => Buffer | undefined = (chunk) => chunk;
  readonly #target: number;
  readonly #pairs = new Set<Pair>();
  #fault: (n: number) => Fault | undefined = () => undefined;
  #from = 0;
  #server: Server | undefined;
  #port = 0;

  constructor(target: number) {
    this.#target = target;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get open(): number {
    return this.#pairs.size;
  }

  async listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.connections += 1;
      const pair = new Pair(this, socket, this.#target, () => this.#pairs.delete(pair));
      this.#pairs.add(pair);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  begin(fault: (n: number) => Fault | undefined): void {
    this.#from = this.requests;
    this.#fault = fault;
  }

  /** The fate of the request that has just come. */
  next(): Fault | undefined {
    this.requests += 1;
    return this.#fault(this.requests - this.#from);
  }

  cut(): void {
    for (const pair of this.#pairs) pair.cut();
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.cut();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }
}

/** One connection of the client and the one to the server that belongs to it. */
class Pair {
  readonly #relay: OpcuaRelay;
  readonly #client: Socket;
  readonly #server: Socket;
  /** Requests that the server never saw: later ones are numbered as if there had been none. */
  #taken = 0;
  /** The request whose answer is sent only by half; 0: the next answer, whichever it is. */
  #half: number | undefined;
  #lastSequence = 0;

  constructor(relay: OpcuaRelay, client: Socket, target: number, ended: () => void) {
    this.#relay = relay;
    this.#client = client;
    this.#server = connect({ host: '127.0.0.1', port: target, noDelay: true });
    const end = (): void => {
      ended();
      this.#client.destroy();
      this.#server.destroy();
    };
    for (const socket of [this.#client, this.#server]) {
      socket.on('error', () => undefined);
      socket.on('close', end);
    }
    this.#client.on(
      'data',
      chunked((chunk) => this.#request(chunk)),
    );
    this.#server.on(
      'data',
      chunked((chunk) => this.#answer(chunk)),
    );
  }

  cut(): void {
    this.#client.resetAndDestroy();
  }

  #request(chunk: Buffer): void {
    const type = chunk.toString('latin1', 0, 3);
    const fault = type === 'CLO' ? undefined : this.#relay.next();
    switch (fault) {
      case undefined:
        return this.#forward(chunk);
      case 'half':
        this.#half = type === 'MSG' ? chunk.readUInt32LE(requestAt) : 0;
        return this.#forward(chunk);
      case 'cut':
        return this.cut();
      case 'silence':
        this.#taken += 1;
        return;
      case 'garbage':
        this.#taken += 1;
        return this.#send(garbage(chunk, this.#lastSequence + 1));
    }
  }

  #forward(chunk: Buffer): void {
    const at = sequencePlace(chunk);
    if (at !== undefined) chunk.writeUInt32LE(chunk.readUInt32LE(at) - this.#taken, at);
    this.#server.write(chunk);
  }

  #answer(original: Buffer): void {
    const chunk = this.#relay.twist(original);
    if (chunk === undefined) return;
    const at = sequencePlace(chunk);
    if (at !== undefined) this.#lastSequence = chunk.readUInt32LE(at);
    const isMessage = at === sequenceAt;
    if (this.#half === 0 || (isMessage && this.#half === chunk.readUInt32LE(requestAt))) {
      const half = chunk.subarray(0, Math.floor(chunk.length / 2));
      this.#client.write(half, () => this.#client.destroy());
      return;
    }
    this.#send(chunk);
  }

  #send(chunk: Buffer): void {
    const { delay, pieces } = this.#relay;
    const send = (bytes: Buffer): void => void (this.#client.writable && this.#client.write(bytes));
    if (pieces) for (const byte of chunk) send(Buffer.from([byte]));
    else if (delay === 0) send(chunk);
    else setTimeout(send, delay, chunk);
  }
}

/** Hands on whole chunks: the size of each stands in its head. */
export function chunked(take: (chunk: Buffer) => void): (data: Buffer) => void {
  let received: Buffer = Buffer.alloc(0);
  return (data) => {
    received = Buffer.concat([received, data]);
    while (received.length >= headLength) {
      const size = received.readUInt32LE(4);
      if (received.length < size) return;
      const chunk = Buffer.from(received.subarray(0, size));
      received = received.subarray(size);
      take(chunk);
    }
  };
}

/** Where the sequence number stands; before the security header of an OPN are three counted fields. */
function sequencePlace(chunk: Buffer): number | undefined {
  const type = chunk.toString('latin1', 0, 3);
  if (type === 'MSG' || type === 'CLO') return chunk.length < 24 ? undefined : sequenceAt;
  if (type !== 'OPN') return undefined;
  let at = 12;
  for (let i = 0; i < 3; i += 1) {
    if (at + 4 > chunk.length) return undefined;
    at += 4 + Math.max(0, chunk.readInt32LE(at));
  }
  return at + 4 > chunk.length ? undefined : at;
}

/** An answer to this request whose head is right and whose body is nothing. */
function garbage(request: Buffer, sequence: number): Buffer {
  const type = request.toString('latin1', 0, 3);
  const head = Buffer.from(request.subarray(0, type === 'MSG' ? 24 : headLength));
  if (type === 'HEL') head.write('ACK', 0, 'latin1');
  if (type === 'MSG') head.writeUInt32LE(sequence, sequenceAt);
  const chunk = Buffer.concat([head, Buffer.alloc(40, 0xa5)]);
  chunk.writeUInt32LE(chunk.length, 4);
  return chunk;
}
