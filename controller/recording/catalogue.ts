// Which recordings there are and what each is. What was found of one is kept for as long as its folder is the same, so
// that a damaged one is read once and told from then on, and never keeps others from being listed.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';
import type { RecordingSummary } from '#contract/recording-routes.ts';
import { SessionId } from '#contract/shell.ts';
import { filesOf, readFile } from './reader.ts';
import type { RecordingFolder } from './reader.ts';

interface Known {
  readonly changed: number;
  readonly summary: RecordingSummary;
}

export class Catalogue {
  readonly #folder: string;
  readonly #isOpen: (session: SessionId) => boolean;
  readonly #known = new Map<SessionId, Known>();

  /** `folder`: that of all recordings. */
  constructor(folder: string, isOpen: (session: SessionId) => boolean) {
    this.#folder = folder;
    this.#isOpen = isOpen;
  }

  pathOf(session: SessionId): string {
    return join(this.#folder, session);
  }

  /** Newest first. */
  async list(): Promise<RecordingSummary[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const summaries: RecordingSummary[] = [];
    for (const name of names) {
      const session = SessionId.safeParse(name).data;
      if (session === undefined) continue;
      // oxlint-disable-next-line no-await-in-loop -- two files of each, and only of those that are new
      const summary = await this.summary(session).catch(() => undefined);
      // It left while it was read.
      if (summary !== undefined) summaries.push(summary);
    }
    return summaries.toSorted((a, b) => b.began - a.began || (a.session < b.session ? -1 : 1));
  }

  /** Throws `E_RECORDING_NONE`. */
  async summary(session: SessionId): Promise<RecordingSummary> {
    const path = this.pathOf(session);
    const found = await stat(path).catch((cause: unknown) => {
      throw new CellError('E_RECORDING_NONE', `there is no recording of ${session}`, { cause });
    });
    const known = this.#known.get(session);
    const open = this.#isOpen(session);
    if (!open && known?.changed === found.mtimeMs) return known.summary;
    const summary = await summaryOf(session, await filesOf(path), open);
    if (!open) this.#known.set(session, { changed: found.mtimeMs, summary });
    return summary;
  }

  /** Reading all of it found it damaged. */
  async note(session: SessionId, text: string): Promise<RecordingSummary> {
    const summary = damaged(await this.summary(session), text);
    const known = this.#known.get(session);
    if (known !== undefined) this.#known.set(session, { ...known, summary });
    return summary;
  }

  forget(session: SessionId): void {
    this.#known.delete(session);
  }
}

const damaged = (summary: RecordingSummary, text: string): RecordingSummary => ({
  ...summary,
  state: summary.state === 'open' ? 'open' : 'damaged',
  problem: { code: 'E_RECORDING_DAMAGED', text: text.slice(0, 500) },
});

/** From the first file and the last alone: all between is read when somebody asks for it. */
async function summaryOf(
  session: SessionId,
  { files }: RecordingFolder,
  open: boolean,
): Promise<RecordingSummary> {
  const file_bytes = files.reduce((sum, { size }) => sum + size, 0);
  const [first] = files;
  const began = Math.floor(first?.changed ?? 0);
  const empty: RecordingSummary = {
    session,
    state: open ? 'open' : 'cut',
    title: '',
    by: null,
    began,
    ended: began,
    duration_us: 0,
    events: 0,
    output_bytes: 0,
    file_bytes,
  };
  const newest = files.at(-1);
  if (first === undefined || newest === undefined) return empty;
  try {
    const head = await readFile(first);
    // A crash may have cut the newest one's very head.
    const before = files.at(-2) ?? first;
    const last = (newest === first ? head : await readFile(newest)) ?? (await readFile(before));
    if (head === undefined || last === undefined) return empty;
    return {
      ...empty,
      state: open ? 'open' : last.ended ? 'ended' : 'cut',
      title: head.head.title,
      by: head.head.by,
      began: head.head.began,
      ended: head.head.began + Math.floor(last.t / 1000),
      duration_us: last.t,
      events: last.head.events + last.events.length,
      output_bytes: last.head.output + last.output,
    };
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    return damaged(empty, error.message);
  }
}
