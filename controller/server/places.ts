// Connections at station's port: so many in all, so many of one source, and some for this machine alone, so that nobody
// elsewhere takes the place of the cell's own panel. What is too much is closed before anything is read from it.
import type { Server, Socket } from 'node:net';
import { sourceOf } from '#controller/source.ts';
import { isLoopback } from './origin.ts';

/** Connections in all; of other machines; of one of them. A page with its sockets needs up to eight. */
export const placeLimits = { all: 512, far: 384, source: 64 } as const;

/** Where one was closed for the others. */
export interface Crowded {
  readonly address: string;
  /** Connections that its source has. */
  readonly open: number;
}

/** One for each port. */
export class Places {
  readonly #full: (crowded: Crowded) => void;
  readonly #isNear: (address: string) => boolean;
  readonly #sources = new Map<string, number>();
  #far = 0;

  /** `isNear`: whose places nobody else takes. */
  constructor(full: (crowded: Crowded) => void, isNear: (address: string) => boolean = isLoopback) {
    this.#full = full;
    this.#isNear = isNear;
  }

  guard(server: Server): void {
    server.maxConnections = placeLimits.all;
    server.prependListener('connection', (socket: Socket) => this.#take(socket));
  }

  #take(socket: Socket): void {
    const { remoteAddress: address } = socket;
    // It was gone before anybody looked.
    if (address === undefined) return void socket.destroy();
    // This machine, by an address of its own.
    if (address === socket.localAddress || this.#isNear(address)) return;
    const source = sourceOf(address);
    const open = this.#sources.get(source) ?? 0;
    if (open >= placeLimits.source || this.#far >= placeLimits.far) {
      socket.destroy();
      this.#full({ address, open });
      return;
    }
    this.#far += 1;
    this.#sources.set(source, open + 1);
    socket.once('close', () => this.#leave(source));
  }

  #leave(source: string): void {
    this.#far -= 1;
    const open = (this.#sources.get(source) ?? 1) - 1;
    if (open > 0) this.#sources.set(source, open);
    else this.#sources.delete(source);
  }
}
