// The connection protocol [OPC 10000-6, 7.1] on our own socket: hello, acknowledge, whole chunks, each of a
// bounded size. The library's own would believe every size that a peer states, and throw where nobody
// catches it. What is in a chunk, signatures and encryption, is the library's.
import { EventEmitter } from 'node:events';
import type { OPCUAClientOptions } from 'node-opcua-client';
import { CellError } from '#contract/error.ts';
import { TcpTransport } from '#drivers/tcp.ts';
import { parseEndpoint } from './config.ts';

type Factory = NonNullable<OPCUAClientOptions['transportFactory']>;
type LibraryTransport = ReturnType<Factory['create']>;
type Done = (error?: Error | null) => void;

const headLength = 8;
/** Chunks that either side may send; the standard wants at least `smallestBuffer`. */
const largestChunk = 65_536;
const smallestBuffer = 8192;
/** Nothing that a server sends may be larger, nor come in more pieces. */
const largestMessage = 16 * 1024 * 1024;
const mostChunks = 4096;
/** A reason that a server gives for its refusal. */
const longestReason = 300;

/** What the library takes for a TCP connection; one for each channel. */
export class OpcuaTransport extends EventEmitter {
  readonly name = 'rebe-cell';
  protocolVersion = 0;
  timeout = 0;
  numberOfRetry = 0;
  endpointUrl = '';
  serverUri = '';
  readonly receiveBufferSize = largestChunk;
  readonly maxMessageSize = largestMessage;
  readonly maxChunkCount = mostChunks;
  /** Of the server, once it has acknowledged. */
  parameters: object | undefined;
  sendBufferSize = largestChunk;
  bytesRead = 0;
  bytesWritten = 0;
  chunkReadCount = 0;
  chunkWrittenCount = 0;
  readonly #lost: (error: CellError) => void;
  #socket: TcpTransport | undefined;
  #acknowledged: Done | undefined;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;

  /** `lost` is called once when the connection ends by itself or the peer breaks the protocol. */
  constructor(lost: (error: CellError) => void) {
    super();
    this.#lost = lost;
  }

  connect(endpointUrl: string, done: Done): void {
    const at = parseEndpoint(endpointUrl);
    if (at === undefined) return done(new Error('no address'));
    this.endpointUrl = endpointUrl;
    this.#acknowledged = done;
    const host = at.host.includes(':') ? `[${at.host}]` : at.host;
    const socket = new TcpTransport(`${host}:${at.port}`, {
      lost: (error) => this.#end(error),
      data: (chunk) => this.#take(chunk),
    });
    this.#socket = socket;
    socket.ready.then(
      () => this.write(hello(endpointUrl)),
      () => undefined,
    );
  }

  write(chunk: Buffer, done?: Done): void {
    if (this.isValid()) {
      this.bytesWritten += chunk.length;
      this.chunkWrittenCount += 1;
      this.#socket?.write(chunk);
    }
    done?.();
  }

  isValid(): boolean {
    return !this.#ended && this.#socket !== undefined;
  }

  isDisconnecting(): boolean {
    return !this.isValid();
  }

  getTransportSettings(): object {
    const { maxMessageSize, maxChunkCount, receiveBufferSize, sendBufferSize } = this;
    return { maxMessageSize, maxChunkCount, receiveBufferSize, sendBufferSize };
  }

  /** The library is done with it. */
  disconnect(tell: Done): void {
    void this.closed().then(() => tell());
  }

  /** Ends it, when it has not ended yet; resolves when its socket is closed. */
  async closed(): Promise<void> {
    this.#end(undefined);
    await this.#socket?.closed;
  }

  dispose(): void {
    this.#end(undefined);
  }

  /** The library could not make sense of what came. */
  prematureTerminate(error: Error): void {
    this.#end(new CellError('E_DEVICE_PROTOCOL', brief(error.message), { cause: error }));
  }

  forceConnectionBreak(): void {
    this.#end(undefined);
  }

  #end(error: CellError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket?.destroy();
    this.#received = Buffer.alloc(0);
    if (error !== undefined) this.#lost(error);
    const acknowledged = this.#acknowledged;
    this.#acknowledged = undefined;
    if (acknowledged === undefined) this.emit('close', error ?? null);
    else acknowledged(error ?? new Error('given up'));
  }

  #broken(text: string): void {
    this.#end(new CellError('E_DEVICE_PROTOCOL', text));
  }

  #take(bytes: Buffer): void {
    this.bytesRead += bytes.length;
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    while (!this.#ended && this.#received.length >= headLength) {
      const type = this.#received.toString('latin1', 0, 4);
      const size = this.#received.readUInt32LE(4);
      if (!/^(?:ACKF|ERRF|(?:MSG|OPN|CLO)[FCA])$/.test(type))
        return this.#broken('it is no OPC UA');
      if (size < headLength || size > largestChunk) return this.#broken(`a chunk of ${size} bytes`);
      if (this.#received.length < size) return;
      const chunk = this.#received.subarray(0, size);
      this.#received = this.#received.subarray(size);
      this.chunkReadCount += 1;
      this.#chunk(type, chunk);
    }
  }

  #chunk(type: string, chunk: Buffer): void {
    if (type === 'ERRF') return this.#broken(`it refuses: ${refusalOf(chunk)}`);
    if ((type === 'ACKF') !== (this.#acknowledged !== undefined)) {
      return this.#broken('an acknowledgement out of turn');
    }
    if (type === 'ACKF') return this.#acknowledge(chunk);
    try {
      this.emit('chunk', chunk);
    } catch (cause) {
      // The library takes a malformed message for a mistake of its own.
      this.#broken(`a message that cannot be read: ${brief(String(cause))}`);
    }
  }

  #acknowledge(chunk: Buffer): void {
    if (chunk.length < headLength + 20) return this.#broken('an acknowledgement cut short');
    const [receives, sends] = [chunk.readUInt32LE(12), chunk.readUInt32LE(16)];
    if (receives < smallestBuffer || sends < smallestBuffer) {
      return this.#broken(`buffers of ${receives} and ${sends} bytes`);
    }
    this.sendBufferSize = Math.min(largestChunk, receives);
    const { receiveBufferSize, sendBufferSize, maxMessageSize, maxChunkCount } = this;
    this.parameters = {
      protocolVersion: 0,
      receiveBufferSize,
      sendBufferSize,
      maxMessageSize,
      maxChunkCount,
    };
    const done = this.#acknowledged;
    this.#acknowledged = undefined;
    done?.();
  }
}

/** What the library takes its connections from. It uses no more of them than this class has. */
export const transportsOf = (make: () => OpcuaTransport): Factory => ({
  create: () => make() as unknown as LibraryTransport,
});

/** Protocol 0, our buffers and limits, where we want to go [7.1.2.3]. */
function hello(endpointUrl: string): Buffer {
  const url = Buffer.from(endpointUrl, 'utf8');
  const head = Buffer.alloc(headLength + 24);
  head.write('HELF', 0, 'latin1');
  head.writeUInt32LE(head.length + url.length, 4);
  const fields = [0, largestChunk, largestChunk, largestMessage, mostChunks, url.length];
  for (const [i, field] of fields.entries()) head.writeUInt32LE(field, headLength + i * 4);
  return Buffer.concat([head, url]);
}

/** Status and reason of an error message [7.1.2.5]. */
function refusalOf(chunk: Buffer): string {
  if (chunk.length < headLength + 4) return 'it does not say why';
  const code = chunk.readUInt32LE(headLength).toString(16).padStart(8, '0');
  const reason = brief(chunk.toString('utf8', headLength + 8));
  return `0x${code} ${reason}`.trim();
}

const brief = (text: string): string =>
  text
    // oxlint-disable-next-line no-control-regex -- what a peer says goes into a log of lines
    .replace(/[\u0000-\u001f\u007f\s]+/g, ' ')
    .trim()
    .slice(0, longestReason);
