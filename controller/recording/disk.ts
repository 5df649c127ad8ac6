// What recordings need of a disk. The real one is here; tests have one that fails at the n-th call.
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What a disk or a packer said, without the place: people far away are told this, the log has all. */
export function saidBy(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/,? \w+ '[^]*$/, '');
}

/** A file that is being written, by position: what was torn is written over. */
export interface RecordingFile {
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** What was written is on disk when it resolves. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface RecordingDisk {
  /** Makes a folder that nothing may be at, and has it on disk. */
  makeFolder(path: string): Promise<void>;
  /** Makes a file that may not be there. */
  create(path: string): Promise<RecordingFile>;
  rename(from: string, to: string): Promise<void>;
  /** A file or a whole folder; nothing there is no error. */
  remove(path: string): Promise<void>;
  /** So that what was made, renamed or removed in it is on disk. */
  syncFolder(path: string): Promise<void>;
}

class RealFile implements RecordingFile {
  readonly #handle: Awaited<ReturnType<typeof open>>;

  constructor(handle: Awaited<ReturnType<typeof open>>) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      // oxlint-disable-next-line no-await-in-loop -- a disk that is nearly full takes a part
      const part = await this.#handle.write(bytes, done, bytes.length - done, position + done);
      done += part.bytesWritten;
    }
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** For its owner alone. */
export const realDisk: RecordingDisk = {
  makeFolder: async (path) => {
    await mkdir(path, { mode: 0o700 });
    await syncFolder(dirname(path));
  },
  create: async (path) => new RealFile(await open(path, 'wx', 0o600)),
  rename,
  remove: async (path) => rm(path, { recursive: true, force: true }),
  syncFolder,
};
