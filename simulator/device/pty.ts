// A serial line without a cable: the device's end of a pair of pseudo terminals, its other end a path that a driver opens
// as it opens any port. It knows no device, no fault and no pace.
import { closeSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { optional } from './optional.ts';

/** What node-pty opens a pair with, and its types do not tell: its documented way lets go of one end for ever. */
interface Opener {
  readonly native: {
    open(columns: number, rows: number): { master: number; slave: number; pty: string };
  };
}

export interface Pty {
  /** Of the end that is opened by whoever uses the port. */
  readonly path: string;
  /** How many bytes were taken: fewer than all when nobody has read for long. */
  write(bytes: Buffer): number;
  /** As an adapter that is pulled out: whoever has the port open is told. */
  destroy(): void;
}

/** Opens a pair; `take` is given what comes. */
export async function openPty(take: (chunk: Buffer) => void): Promise<Pty> {
  const opener = await optional('node-pty', () => import('node-pty') as unknown as Promise<Opener>);
  const { master, slave, pty } = opener.native.open(80, 24);
  // A port that nobody has set yet must not echo what the device sends.
  const far = new ReadStream(slave);
  far.setRawMode(true);
  far.destroy();
  // The far end stays open, so that a driver that closes its port does not end the device's.
  const near = new ReadStream(master);
  let open = true;
  near.on('data', take);
  near.on('error', () => undefined);
  near.on('close', () => (open = false));
  return {
    path: pty,
    write: (bytes) => (open ? written(master, bytes) : 0),
    destroy: () => {
      if (open) closeSync(slave);
      open = false;
      near.destroy();
    },
  };
}

function written(descriptor: number, bytes: Buffer): number {
  try {
    return writeSync(descriptor, bytes);
  } catch {
    // The line is full, or the end that was open has just gone.
    return 0;
  }
}
