// A TCP socket as drivers use it: no delay, every way to end it told once, never reused.
// What travels over it is the driver's; how long anything may take is the supervisor's.
import { Socket } from 'node:net';
import * as z from 'zod';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { Connection } from './supervise.ts';

/** `host:port`; an IPv6 address in brackets. */
export const TcpAddress = z
  .string()
  .refine((text) => parseTcp(text) !== undefined, 'host:port, such as 192.168.10.20:502')
  .meta({ description: 'host:port; an IPv6 address in brackets' });

/** `host:port` or `[v6]:port`; undefined when it is neither. */
export function parseTcp(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

interface Events {
  /** It ended by itself, or `fail` ended it; called at least once, the first call counts. */
  readonly lost: (error: CellError) => void;
  readonly data: (chunk: Buffer) => void;
}

/** One socket, connecting from the start. */
export class TcpTransport implements Connection {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly #socket = new Socket();
  readonly #lost: (error: CellError) => void;

  constructor(address: string, { lost, data }: Events) {
    const socket = this.#socket;
    this.#lost = lost;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.ready = new Promise((resolve, reject) => {
      let opened = false;
      socket.once('connect', () => {
        opened = true;
        resolve();
      });
      socket.on('error', (cause) => {
        const error = opened ? 'E_DEVICE_CLOSED' : 'E_DEVICE_CONNECT';
        reject(new CellError(error, cause.message, { cause }));
        this.fail(error, cause.message, cause);
      });
      socket.once('close', () => reject(new CellError('E_DEVICE_CONNECT', 'closed at once')));
    });
    // Who gives up before it is ready does not look at it any more.
    this.ready.catch(() => undefined);
    socket.on('data', (chunk) => {
      // What came with the bytes that broke the protocol is not looked at.
      if (!socket.destroyed) data(chunk);
    });
    socket.once('end', () => this.fail('E_DEVICE_CLOSED', 'the device closed the connection'));
    socket.once('close', () => this.fail('E_DEVICE_CLOSED', 'the connection was closed'));
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 10_000);
    socket.connect(parseTcp(address) ?? { host: '', port: 0 });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === 'open';
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  /** Ends it with a reason, because the device broke its protocol. */
  fail(code: Code, text: string, cause?: Error): void {
    this.#socket.destroy();
    this.#lost(new CellError(code, text, cause === undefined ? {} : { cause }));
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
