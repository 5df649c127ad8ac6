// Re-executes a chronicle, segment by segment, from nothing but the file: the texts of manifest and flows
// stand in each segment. `rebe replay` reports what differs; a start of control takes the last state.
import { inflateRawSync } from 'node:zlib';
import type { Manifest } from '#contract/cell.ts';
import { ActBody, AlarmBody, SegmentBody } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import { decodeScan } from '#contract/record.ts';
import type { ScanRecord } from '#contract/record.ts';
import { utcMs } from '#contract/time.ts';
import { readBody } from '#controller/chronicle/body.ts';
import type { Content, Reader } from '#controller/chronicle/reader.ts';
import { compileFlows } from '#flows/compile-flows.ts';
import type { FlowText } from '#flows/compile-flows.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { Engines } from '#flows/engine/engine-pair.ts';
import { generateTable } from '#flows/engine/table.ts';
import type { TableModule } from '#flows/engine/table.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import { linkCell } from '#flows/link.ts';
import { readManifest } from '#flows/manifest.ts';
import type { CellPlan } from '#flows/plan.ts';
import { readAct } from '#flows/replay/acts.ts';
import type { Difference } from '#flows/replay/difference.ts';
import { Replay } from '#flows/replay/replay.ts';
import type { ReplayEntry, ReplayWatch, SegmentStart } from '#flows/replay/replay.ts';

/** Bytes of a manifest or flow, inflated. */
const textLimit = 4 * 1024 * 1024;

export interface ReplayOptions {
  /** Entries of the chronicle; a segment is replayed when it opens between the two. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** `both`: XState decides and the table shadows, as in control. */
  readonly engines: 'table' | 'both';
  readonly progress?: (seq: number) => void;
  /** Someone to go along with each segment that opens. */
  readonly watch?: (opened: OpenedSegment) => Promise<SegmentWatch | undefined>;
  /** After each recorded scan that was replayed as it was recorded. */
  readonly scanned?: (cell: Cell, fired: ScanRecord['fired'], boot: number) => void;
}

/** A segment before it is re-executed. */
export interface OpenedSegment {
  readonly seq: number;
  readonly boot: number;
  readonly at: number;
  readonly body: SegmentBodyOf;
  readonly sources: SegmentSources;
  readonly cell: Cell;
  /** It goes on where the one before it ended. */
  readonly joined: boolean;
}

/** Goes along with the replay of a segment. */
export interface SegmentWatch {
  /** The cell stands where the segment opens; `offset` is UTC ms of scan time 0. */
  begin(offset: number): void;
  /** The scans to come are those up to this entry. */
  entry(seq: number, offset: number): void;
  readonly seen: ReplayWatch;
}

/** One segment, re-executed. */
export interface SegmentReplay {
  /** The entry that opens it, and the newest entry that was read. */
  readonly seq: number;
  readonly last: number;
  readonly boot: number;
  readonly why: string;
  readonly at: number;
  readonly scans: number;
  readonly recorded: number;
  readonly difference: Difference | undefined;
  readonly body: SegmentBodyOf;
  /** As it stands at the segment's end. */
  readonly cell: Cell;
  /** Outputs left before their cause was on disk, or entries were lost. */
  readonly ahead: boolean;
}

export type SegmentBodyOf = ReturnType<typeof SegmentBody.parse>;

/** Every segment in order; ends early only when the file does. Throws `E_CHRONICLE_FORMAT`. */
export async function* replayChronicle(
  reader: Reader,
  options: ReplayOptions,
): AsyncGenerator<SegmentReplay> {
  const cells = new CellLoader(options.engines);
  let open: OpenSegment | undefined;
  for (const entry of reader.contents({ from: options.from ?? 0 })) {
    if (entry.kind === 'segment') {
      const body = told(entry, () => SegmentBody.parse(readBody(entry)));
      // What was lost before a `gap` segment cannot be re-executed: nothing joins the two.
      const joined = entry.boot === open?.boot && body.why !== 'gap';
      if (open !== undefined) yield open.end(joined ? startOf(body) : undefined);
      if (options.to !== undefined && entry.seq > options.to) return;
      // oxlint-disable-next-line no-await-in-loop -- a segment follows the one before
      const { cell, sources } = await cells.load(body);
      const { seq, boot, at } = entry;
      // oxlint-disable-next-line no-await-in-loop -- as above
      const watch = await options.watch?.({ seq, boot, at, body, sources, cell, joined });
      open = new OpenSegment(entry, body, cell, options, watch);
    } else told(entry, () => open?.take(entry));
    if (entry.seq % 4096 === 0) options.progress?.(entry.seq);
  }
  if (open !== undefined) yield open.end(undefined);
}

/** What cannot be read of an entry is told with its number. */
function told<T>({ seq }: Content, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof CellError)) throw cause;
    throw new CellError(cause.code, `entry ${seq}: ${cause.message}`, { cause });
  }
}

class OpenSegment {
  readonly boot: number;
  readonly #entry: Content;
  readonly #body: SegmentBodyOf;
  readonly #cell: Cell;
  readonly #replay: Replay;
  readonly #scanned: ReplayOptions['scanned'];
  readonly #watch: SegmentWatch | undefined;
  #last: number;
  #ahead = false;

  constructor(
    entry: Content,
    body: SegmentBodyOf,
    cell: Cell,
    { scanned }: Pick<ReplayOptions, 'scanned'>,
    watch: SegmentWatch | undefined,
  ) {
    this.#scanned = scanned;
    this.#watch = watch;
    this.boot = entry.boot;
    this.#entry = entry;
    this.#body = body;
    this.#cell = cell;
    this.#replay = new Replay(cell, startOf(body), watch?.seen);
    this.#last = entry.seq;
    watch?.begin(entry.at - body.now);
  }

  take(entry: Content): void {
    this.#last = entry.seq;
    if (entry.kind === 'gap') this.#ahead = true;
    const read = this.#read(entry);
    if (read === undefined || this.#replay.take(read) !== undefined) return;
    if (read.kind === 'scan') this.#scanned?.(this.#cell, read.record.fired, this.boot);
  }

  end(next: SegmentStart | undefined): SegmentReplay {
    const { scans, recorded, difference } = this.#replay.end(next);
    const { seq, boot, at } = this.#entry;
    const body = this.#body;
    const segment = { seq, boot, at, why: body.why, body, last: this.#last };
    return { ...segment, scans, recorded, difference, cell: this.#cell, ahead: this.#ahead };
  }

  /** What a replay is to know of an entry; undefined: nothing. */
  #read(entry: Content): ReplayEntry | undefined {
    const { seq, scan, kind } = entry;
    if (scan === null) return undefined;
    if (kind === 'scan') {
      const record = decodeScan(entry.body, utcMs(entry.at));
      this.#watch?.entry(seq, entry.at - record.now);
      return { seq, scan, kind, record };
    }
    if (kind === 'alarm') {
      const { id, change } = AlarmBody.parse(readBody(entry));
      return { seq, scan, kind, id, change };
    }
    if (kind !== 'act') return undefined;
    const { id, verb, args, result } = ActBody.parse(readBody(entry));
    // The level of a held command stands in the scan itself.
    if (result === 'refused' || verb === 'keep') return undefined;
    return {
      seq,
      scan,
      kind,
      act: readAct(this.#cell.plan, { id, actor: entry.actor, verb, args }),
    };
  }
}

const startOf = ({ scan, now, period, state }: SegmentBodyOf): SegmentStart => ({
  scan,
  now,
  period,
  state,
});

/** The plan and code of a segment; the same texts are compiled once. */
class CellLoader {
  readonly #engines: ReplayOptions['engines'];
  #key = '';
  #sources: SegmentSources | undefined;
  #modules: readonly TableModule[] = [];

  constructor(engines: ReplayOptions['engines']) {
    this.#engines = engines;
  }

  async load(body: SegmentBodyOf): Promise<{ cell: Cell; sources: SegmentSources }> {
    const key = [body.manifest.hash, ...Object.values(body.flows).map(({ text }) => text)].join();
    if (this.#sources === undefined || key !== this.#key) {
      this.#sources = readSegment(body);
      this.#modules = await importTables(this.#sources.plan);
      this.#key = key;
    }
    const { plan } = this.#sources;
    const both = this.#engines === 'both';
    const engines = plan.flows.map(({ flow }, index): Engines => {
      const table = this.#modules[index]?.createTable();
      if (table === undefined) throw new CellError('E_INTERNAL', 'each flow has a module');
      return both ? { xstate: createXstateEngine(flow), table } : { table };
    });
    return { cell: new Cell(plan, engines), sources: this.#sources };
  }
}

/** The table engine's module of each flow. */
export const importTables = (plan: CellPlan): Promise<TableModule[]> =>
  Promise.all(plan.flows.map(({ flow }) => importTable(generateTable(flow))));

/** The text becomes a module without touching a disk, and without evaluating a string. */
export const importTable = (text: string): Promise<TableModule> =>
  import(
    /* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(text, 'utf8').toString('base64')}`
  );

/** What a segment says the cell was made of. */
export interface SegmentSources {
  readonly manifest: Manifest;
  /** By the manifest's key: file and text. */
  readonly texts: ReadonlyMap<string, FlowText>;
  readonly plan: CellPlan;
}

/** The plan of the segment's own manifest and flows. Throws `E_CHRONICLE_FORMAT`. */
export const planOf = (body: SegmentBodyOf): CellPlan => readSegment(body).plan;

function readSegment(body: SegmentBodyOf): SegmentSources {
  const manifest = readManifest(body.manifest.file, inflated(body.manifest.text)).manifest;
  const texts = new Map(
    Object.entries(body.flows).map(([name, { file, text }]): [string, FlowText] => [
      name,
      { file, text: inflated(text) },
    ]),
  );
  const { flows } = compileFlows(texts);
  const plan = manifest === undefined ? undefined : linkCell(manifest, flows).plan;
  const same = plan?.tags.map(({ name }) => name).join() === body.tags.join();
  if (manifest === undefined || plan === undefined || !same) {
    throw new CellError(
      'E_CHRONICLE_FORMAT',
      'this version does not read the segment’s manifest and flows as the one that wrote them',
    );
  }
  return { manifest, texts, plan };
}

export function inflated(text: string): string {
  try {
    return inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: textLimit }).toString(
      'utf8',
    );
  } catch (cause) {
    throw new CellError('E_CHRONICLE_FORMAT', 'a text of the segment cannot be inflated', {
      cause,
    });
  }
}
