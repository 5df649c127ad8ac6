// A client of control's door that shares no code with the product's own: it makes its frames itself, can
// send what no honest client would, and can leave what it is sent unread.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { until } from './test-cell.ts';

/** A message as it came, not checked. */
export interface Heard {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Length and body, whatever the body is. */
export function frameOf(body: string | Buffer): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

/** What became of an act. */
export interface ActAnswer {
  readonly id: string;
  readonly receipt: { readonly result: string; readonly code?: string; readonly reason?: string };
}

export const newId = (): string => randomBytes(12).toString('hex');

export class RawClient implements Disposable {
  readonly heard: Heard[] = [];
  readonly #socket: Socket;
  #left = Buffer.alloc(0);
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
    });
  }

  static async connect(data: string): Promise<RawClient> {
    const socket = connect(join(data, 'control.sock'));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawClient(socket);
  }

  /** Connected and greeted; with `feed` it gets a snapshot and every change. */
  static async greet(data: string, feed = false): Promise<RawClient> {
    const client = await RawClient.connect(data);
    client.send({ type: 'hello', protocol: 1, client: 'cli', feed });
    await client.hears('hello', 'hello', () => true);
    return client;
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(message: unknown): void {
    this.sendBytes(frameOf(JSON.stringify(message)));
  }

  sendBytes(bytes: Buffer): void {
    if (!this.#closed) this.#socket.write(bytes);
  }

  /** What is sent from now on stays unread. */
  stopReading(): void {
    this.#socket.pause();
  }

  keepReading(): void {
    this.#socket.resume();
  }

  hears(what: string, type: string, fits: (message: Heard) => boolean): Promise<Heard> {
    return until(
      () => `${what}; heard ${JSON.stringify(this.heard.slice(-5)).slice(0, 2000)}`,
      20_000,
      () => this.heard.find((message) => message.type === type && fits(message)),
    );
  }

  async closes(): Promise<void> {
    await until('the connection is closed', 20_000, () => this.#closed || undefined);
  }

  /** Sends an act and waits for its first receipt. */
  async act(
    verb: string,
    args: Readonly<Record<string, unknown>>,
    more: { readonly id?: string; readonly actor?: string; readonly expect?: unknown } = {},
  ): Promise<ActAnswer> {
    const id = more.id ?? newId();
    this.send({ type: 'act', actor: 'console:test', verb, args, ...more, id });
    return this.receiptOf(id);
  }

  async receiptOf(id: string): Promise<ActAnswer> {
    const heard = await this.hears(`a receipt of ${id}`, 'receipt', (one) => one['id'] === id);
    const { result, code, reason } = heard as unknown as ActAnswer['receipt'];
    const receipt = {
      result,
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
    };
    return { id, receipt };
  }

  /** The outcome of an accepted act, once its entry is on disk. */
  async outcomeOf(id: string): Promise<{ seq: number; outcome: string }> {
    const done = await this.hears(`${id} is done`, 'done', (one) => one['id'] === id);
    return { seq: Number(done['seq']), outcome: String(done['outcome']) };
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#left = Buffer.concat([this.#left, chunk]);
    while (this.#left.length >= 4) {
      const size = this.#left.readUInt32BE(0);
      if (this.#left.length < 4 + size) return;
      const text = this.#left.subarray(4, 4 + size).toString('utf8');
      this.#left = this.#left.subarray(4 + size);
      this.heard.push(JSON.parse(text) as Heard);
    }
  }
}
