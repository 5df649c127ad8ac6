// The wire between a device and whoever speaks to it: a relay that can pass, hold, delay, cut, shorten and keep back what
// goes over it. It knows no protocol, so it makes the same faults for every device that is reached over TCP.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { CellError } from '#contract/error.ts';
import type { Cancel, Clock, Duration, Instant, Random } from '#contract/time.ts';
import { instant, milliseconds } from '#contract/time.ts';

/**
 * hold: open and silent. delay: each answer comes so much later. cut: reset, and refused. shorten: each answer loses its
 * end. keep: each answer comes when the next one should.
 */
export type LineMode =
  | { readonly kind: 'pass' | 'hold' | 'cut' | 'shorten' | 'keep' }
  | { readonly kind: 'delay'; readonly by: Duration };

/** Below the ports that systems give to clients: a client that calls a cut line must never reach itself. */
const ports = { first: 15_000, count: 15_000, tries: 200 };
/** Bytes that a held line keeps of one client, and that may wait for one that does not read. */
const heldLimit = 64 * 1024;
const unreadLimit = 256 * 1024;
const clientLimit = 64;
const again = milliseconds(50);

/** One client and its connection to the device. */
interface Pair {
  readonly client: Socket;
  readonly device: Socket;
  /** What waits while the line is held, in its order. */
  readonly held: { readonly to: Socket; readonly chunk: Buffer }[];
  /** Answers on their way, the next first; each has a timer of its own, and whichever ends sends the next. */
  readonly late: Buffer[];
  readonly timers: Set<Cancel>;
  /** When the last of them is due. */
  due: Instant;
  /** The answer that was kept back. */
  kept: Buffer | undefined;
  /** Of what is held, by where it goes. */
  readonly bytes: Map<Socket, number>;
}

export class Line {
  readonly #clock: Clock;
  readonly #random: Random;
  #target: number | undefined;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #port = 0;
  #mode: LineMode = { kind: 'pass' };
  #retry: Cancel = () => {};
  #closed = false;

  /** `random` chooses the port, and where an answer is cut. */
  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The device's own port on loopback; who calls before it is known is refused. */
  lead(target: number): void {
    this.#target = target;
  }

  /** Takes a free loopback port and keeps it, whatever becomes of the line; its number. */
  async open(): Promise<number> {
    for (let tries = 0; tries < ports.tries; tries += 1) {
      const port = ports.first + Math.floor(this.#random() * ports.count);
      // oxlint-disable-next-line no-await-in-loop -- one port after the other
      if (await this.#listen(port)) {
        this.#port = port;
        return port;
      }
    }
    throw new CellError('E_SIMULATOR_PORT', `no free port from ${ports.first} on`);
  }

  set(mode: LineMode): void {
    const before = this.#mode;
    this.#mode = mode;
    if (mode.kind === 'cut') {
      for (const pair of this.#pairs) this.#drop(pair, true);
      this.#shut();
      return;
    }
    if (before.kind === 'cut') void this.#reopen();
    for (const pair of this.#pairs) {
      if (mode.kind !== 'keep') this.#giveKept(pair);
      if (mode.kind !== 'hold') this.#release(pair);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry();
    for (const pair of this.#pairs) this.#drop(pair, false);
    const server = this.#server;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  #listen(port: number): Promise<boolean> {
    const server = createServer((client) => this.#accept(client));
    server.maxConnections = clientLimit;
    return new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => {
        this.#server = server;
        resolve(true);
      });
    });
  }

  /** The port was ours a moment ago; should somebody have it now, wait for it. */
  async #reopen(): Promise<void> {
    const open = await this.#listen(this.#port);
    if (this.#closed || this.#mode.kind === 'cut') this.#shut();
    else if (!open) this.#retry = this.#clock.after(again, () => void this.#reopen());
  }

  #shut(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  #accept(client: Socket): void {
    if (this.#target === undefined) return void client.resetAndDestroy();
    const device = connect(this.#target, '127.0.0.1');
    const pair: Pair = {
      client,
      device,
      held: [],
      late: [],
      timers: new Set(),
      due: instant(0),
      kept: undefined,
      bytes: new Map(),
    };
    this.#pairs.add(pair);
    for (const [from, to] of [
      [client, device],
      [device, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('data', (chunk: Buffer) => this.#carry(pair, to, chunk));
      // A line that is held and then closed has lost what it held.
      from.on('end', () => this.#drop(pair, false));
      from.on('error', () => this.#drop(pair, true));
      from.on('close', () => this.#drop(pair, false));
    }
  }

  #carry(pair: Pair, to: Socket, chunk: Buffer): void {
    const mode = this.#mode;
    if (mode.kind === 'hold' || pair.held.length > 0) return this.#hold(pair, to, chunk);
    if (to === pair.device) return this.#write(pair, to, chunk);
    if (mode.kind === 'delay' || pair.late.length > 0) {
      this.#delay(pair, chunk, mode.kind === 'delay' ? mode.by : milliseconds(0));
    } else if (mode.kind === 'shorten') {
      this.#write(pair, to, shortened(this.#random, chunk));
    } else if (mode.kind === 'keep') {
      this.#giveKept(pair);
      pair.kept = chunk;
    } else {
      this.#write(pair, to, chunk);
    }
  }

  #hold(pair: Pair, to: Socket, chunk: Buffer): void {
    pair.held.push({ to, chunk });
    const bytes = (pair.bytes.get(to) ?? 0) + chunk.length;
    pair.bytes.set(to, bytes);
    if (bytes < heldLimit) return;
    // A device waits until its client reads; a client that goes on calling is sent away.
    if (to === pair.client) pair.device.pause();
    else this.#drop(pair, true);
  }

  #giveKept(pair: Pair): void {
    const { kept } = pair;
    pair.kept = undefined;
    if (kept !== undefined) this.#write(pair, pair.client, kept);
  }

  #write(pair: Pair, to: Socket, chunk: Buffer): void {
    to.write(chunk);
    if (to.writableLength > unreadLimit) this.#drop(pair, true);
  }

  /** Later by so much, and never before what is on its way already. */
  #delay(pair: Pair, chunk: Buffer, by: Duration): void {
    const now = this.#clock.now();
    pair.due = instant(Math.max(now + by, pair.due));
    pair.late.push(chunk);
    const cancel = this.#clock.after(milliseconds(pair.due - now), () => {
      pair.timers.delete(cancel);
      const next = pair.late.shift();
      if (next === undefined) return;
      if (this.#mode.kind === 'hold') this.#hold(pair, pair.client, next);
      else this.#write(pair, pair.client, next);
    });
    pair.timers.add(cancel);
  }

  #release(pair: Pair): void {
    const held = pair.held.splice(0);
    pair.bytes.clear();
    pair.device.resume();
    for (const { to, chunk } of held) this.#carry(pair, to, chunk);
  }

  #drop(pair: Pair, reset: boolean): void {
    if (!this.#pairs.delete(pair)) return;
    for (const cancel of pair.timers) cancel();
    for (const socket of [pair.client, pair.device]) {
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
  }
}

/** The bytes without their end: at least one is missing, and where there are two, one is there. */
export function shortened(random: Random, bytes: Buffer): Buffer {
  const less = bytes.length - 1;
  return bytes.subarray(0, Math.min(less, 1 + Math.floor(random() * less)));
}
