// A device on a serial line for driver tests: one pseudo terminal, its own encoder, and every fault
// that a line has. As with `RigServer` the protocol is brought.
import { PtyLine } from './pty.ts';
import type { Protocol } from './rig-server.ts';
import { pause } from './rig.ts';
import type { Fault, RigDevice } from './rig.ts';

export class PtyServer implements RigDevice {
  requests = 0;
  fault: (n: number) => Fault | undefined = () => undefined;
  pieces = false;
  delay = 0;
  readonly #line = new PtyLine();
  readonly #protocol: Protocol;
  #received: Buffer = Buffer.alloc(0);
  #from = 0;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
    this.#line.onData = (chunk) => this.#take(chunk);
  }

  get path(): string {
    return this.#line.path;
  }

  get connections(): number {
    return this.#line.openings;
  }

  get open(): number {
    return this.#line.isHeld ? 1 : 0;
  }

  /** Plugged in; the path stays. */
  async listen(): Promise<void> {
    this.#received = Buffer.alloc(0);
    this.#line.plug();
  }

  begin(fault: (n: number) => Fault | undefined): void {
    this.#from = this.requests;
    this.fault = fault;
  }

  /** Pulled out and plugged in again. */
  cut(): void {
    this.#line.unplug();
    this.#received = Buffer.alloc(0);
    this.#line.plug();
  }

  async close(): Promise<void> {
    this.#line.unplug();
  }

  /** Says something as long as the port stays open as it is. */
  speaker(): (bytes: Uint8Array) => void {
    const opening = this.#line.openings;
    return (bytes) => {
      if (this.#line.openings === opening) this.#line.write(bytes);
    };
  }

  /** Bytes that nobody asked for. */
  push(bytes: Uint8Array): void {
    this.#line.write(bytes);
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const found = this.#protocol.split(this.#received);
      if (found === undefined) return;
      this.#received = found.rest;
      this.requests += 1;
      void this.#meet(found.request, this.fault(this.requests - this.#from));
    }
  }

  async #meet(request: Buffer, fault: Fault | undefined): Promise<void> {
    switch (fault) {
      case undefined:
        return this.#send(this.#protocol.answer(request));
      case 'cut':
        return this.cut();
      case 'silence':
        return;
      case 'garbage':
        return this.#send(this.#protocol.garbage(request));
      case 'half': {
        const answer = this.#protocol.answer(request);
        this.#line.write(answer.subarray(0, Math.floor(answer.length / 2)));
        await pause(5);
        this.cut();
      }
    }
  }

  async #send(bytes: Buffer): Promise<void> {
    if (this.delay > 0) await pause(this.delay);
    if (!this.pieces) return this.#line.write(bytes);
    for (const byte of bytes) {
      this.#line.write(Buffer.from([byte]));
      // oxlint-disable-next-line no-await-in-loop -- one byte after the other
      await pause(1);
    }
  }
}
