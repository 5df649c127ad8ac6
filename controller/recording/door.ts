// What pages ask about recordings: which there are, what is in one and whether it is proved, its events to play.
import {
  exportRecording,
  listRecordings,
  readFrames,
  readRecording,
  recordingsLimit,
} from '#contract/recording-routes.ts';
import type * as z from 'zod';
import type { SessionId } from '#contract/shell.ts';
import { Readable } from 'node:stream';
import { CellError } from '#contract/error.ts';
import { serve } from '#controller/server/routes.ts';
import type { Served, Streamed } from '#controller/server/routes.ts';
import { asciicast } from './asciicast.ts';
import { inspect } from './inspect.ts';
import type { Inspection } from './inspect.ts';
import { judge, verdictOf } from './judgement.ts';
import { exportsAtOnce, exportTime, inspectionsKept } from './limits.ts';
import { isMark, played, typedLine } from './page.ts';
import { Playback } from './playback.ts';
import { eventsOf, headOf } from './played.ts';
import type { SessionRecordings } from './recordings.ts';
import { toldAround } from './told.ts';
import type { Told } from './told.ts';

type Listed = z.infer<typeof listRecordings.answer>;
type Read = z.infer<typeof readRecording.answer>;

export class RecordingDoor {
  readonly #recordings: SessionRecordings;
  readonly #data: string;
  readonly #playback = new Playback();
  /** Of recordings that are not open, by what their summary was. */
  readonly #answers = new Map<SessionId, { readonly of: string; readonly answer: Read }>();
  #exports = 0;
  /** One recording is read whole at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(recordings: SessionRecordings, data: string) {
    this.#recordings = recordings;
    this.#data = data;
  }

  get routes(): readonly Served[] {
    return [
      serve(listRecordings, async ({ query }) => this.#list(query.before)),
      serve(readRecording, async ({ params }) => this.#inTurn(async () => this.#read(params.id))),
      serve(exportRecording, async ({ params }) => this.#export(params.id)),
      serve(readFrames, async ({ params, query }) => {
        await this.#recordings.catalogue.summary(params.id);
        return this.#playback.page(this.#recordings.catalogue.pathOf(params.id), query);
      }),
    ];
  }

  async #list(before = Infinity): Promise<Listed> {
    const all = await this.#recordings.catalogue.list();
    const bytes = all.reduce((sum, { file_bytes: size }) => sum + size, 0);
    const asked = all.filter(({ began }) => began < before);
    const recordings = asked.slice(0, recordingsLimit);
    const more = asked.length > recordings.length;
    return { recordings, more, bytes, bound: this.#recordings.bound };
  }

  /** Sent as it is read; its first file is read before anything is sent. */
  async #export(session: SessionId): Promise<Streamed> {
    if (this.#exports >= exportsAtOnce)
      throw new CellError('E_DOOR_RATE', `${exportsAtOnce} recordings are being sent`);
    const { catalogue } = this.#recordings;
    await catalogue.summary(session);
    const folder = catalogue.pathOf(session);
    const body = Readable.from(asciicast(await headOf(folder), eventsOf(folder)));
    this.#exports += 1;
    const late = this.#recordings.clock.after(exportTime, () => body.destroy());
    body.once('close', () => {
      late();
      this.#exports -= 1;
    });
    return { body, file: `${session}.cast` };
  }

  async #read(session: SessionId): Promise<Read> {
    const { catalogue } = this.#recordings;
    const summary = await catalogue.summary(session);
    const of = JSON.stringify(summary);
    const known = this.#answers.get(session);
    if (known?.of === of) return known.answer;
    const found = await inspect(catalogue.pathOf(session));
    const judged = judge(found, toldOf(this.#data, session, found));
    const open = summary.state === 'open';
    const verified = verdictOf(judged, found, open);
    const [wrong] = judged.altered;
    const recording = wrong === undefined ? summary : await catalogue.note(session, wrong);
    const began = found.head?.began ?? summary.began;
    const answer: Read = {
      recording,
      size: found.head?.size ?? { cols: 80, rows: 24 },
      marks: found.marks.map((mark) => played(mark, began)).filter(isMark),
      typed: found.typed.map((line) => typedLine(line, began)),
      more: found.moreMarks,
      verified,
    };
    // What is not told yet may be told later.
    if (!open && verified.result !== 'untold') this.#keep(session, answer);
    return answer;
  }

  #keep(session: SessionId, answer: Read): void {
    this.#answers.delete(session);
    this.#answers.set(session, { of: JSON.stringify(answer.recording), answer });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= inspectionsKept) break;
      this.#answers.delete(oldest);
    }
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** What stands in the chronicle around its newest seal; nothing where there is none that can be read. */
function toldOf(data: string, session: SessionId, { head, segments }: Inspection): Told[] {
  const newest = segments.at(-1);
  if (head === undefined || newest === undefined) return [];
  try {
    return toldAround(data, session, head.began + newest.t / 1000);
  } catch (error) {
    if (error instanceof CellError) return [];
    throw error;
  }
}
