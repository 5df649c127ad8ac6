// `rebe verify` with the recordings beside a chronicle: every segment against its hash, every hash against the record,
// and every session of the record against what there is of it. Nothing is written, and a copy does as well.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CellError } from '#contract/error.ts';
import { SessionId } from '#contract/shell.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { withRecordings } from '#controller/chronicle/verdict.ts';
import type { Finding, FindingKind, Verification } from '#controller/chronicle/verdict.ts';
import { verifyChronicle } from '#controller/chronicle/verify.ts';
import type { VerifyOptions } from '#controller/chronicle/verify.ts';
import { inspect } from './inspect.ts';
import { judge } from './judgement.ts';
import { isOver, sessionBody, sessionOf } from './told.ts';
import type { Told } from './told.ts';

export interface VerifyRecordOptions extends VerifyOptions {
  /** The folder of recordings; default that beside the chronicle. */
  readonly recordings?: string;
}

/** Never throws for what it finds in the files. */
export async function verifyRecord(
  path: string,
  options: VerifyRecordOptions = {},
): Promise<Verification> {
  const { recordings = join(dirname(path), 'recordings'), ...others } = options;
  const found = verifyChronicle(path, others);
  if (found.integrity === 'unknown') return found;
  try {
    const check = new RecordingsCheck(recordings, readSessions(path), whole(found));
    return withRecordings(found, await check.run());
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    const finding: Finding = { kind: 'form', seq: 0, text: `recordings: ${error.message}` };
    return withRecordings(found, { findings: [finding], notes: [], counts: noCounts });
  }
}

/** Nothing of the record is gone that may have told of recordings. */
const whole = (found: Verification): boolean =>
  found.first === 1 && found.completeness === 'complete' && found.integrity === 'whole';

const noCounts = { total: 0, whole: 0, open: 0, cut: 0, altered: 0, missing: 0, left: 0 };

/** What the record says of one session. */
interface Session {
  readonly told: Told[];
  left: boolean;
  /** It ended, was killed, denied, expired, or was lost. */
  over: boolean;
}

function readSessions(path: string): Map<SessionId, Session> {
  const sessions = new Map<SessionId, Session>();
  const reader = openReader(path);
  try {
    for (const entry of reader.entries({ kinds: ['session'] })) {
      const body = sessionBody(entry);
      const id = body === undefined ? undefined : sessionOf(body);
      if (body === undefined || id === undefined) continue;
      const session = sessions.get(id) ?? { told: [], left: false, over: false };
      sessions.set(id, session);
      if (body.event === 'recorded') session.told.push({ seq: entry.seq, event: body });
      if (body.event === 'recording-left') session.left = true;
      session.over = isOver(body) ?? session.over;
    }
  } finally {
    reader.close();
  }
  return sessions;
}

class RecordingsCheck {
  readonly #folder: string;
  readonly #sessions: ReadonlyMap<SessionId, Session>;
  /** The record has all that was ever told. */
  readonly #whole: boolean;
  readonly #findings: Finding[] = [];
  readonly #notes: string[] = [];
  readonly #counts = { ...noCounts };

  constructor(folder: string, sessions: ReadonlyMap<SessionId, Session>, complete: boolean) {
    this.#folder = folder;
    this.#sessions = sessions;
    this.#whole = complete;
  }

  async run(): Promise<Parameters<typeof withRecordings>[1]> {
    const recorded = [...this.#sessions].filter(([, { told }]) => told.length > 0);
    if (!existsSync(this.#folder)) {
      const left = recorded.filter(([, session]) => session.left).length;
      const gone = recorded.length - left;
      this.#counts.left = left;
      this.#counts.missing = gone;
      if (gone > 0)
        this.#find('hole', 0, `${this.#folder} is not there: ${gone} recordings are not checked`);
    } else await this.#all(recorded);
    this.#counts.total = recorded.length;
    return { findings: this.#findings, notes: this.#notes, counts: this.#counts };
  }

  async #all(recorded: readonly (readonly [SessionId, Session])[]): Promise<void> {
    const names = new Set(await readdir(this.#folder));
    for (const [id, session] of recorded) if (!names.has(id)) this.#gone(id, session);
    for (const name of names) {
      const id = SessionId.safeParse(name).data;
      if (id === undefined) this.#notes.push(`${join(this.#folder, name)} is no recording`);
      // oxlint-disable-next-line no-await-in-loop -- one recording in memory at a time
      else await this.#one(id, this.#sessions.get(id));
    }
  }

  #gone(id: SessionId, { told, left }: Session): void {
    if (left) {
      this.#counts.left += 1;
      return;
    }
    this.#counts.missing += 1;
    const [first] = told;
    const text = `recording ${id} is missing: the record has ${told.length} segments of it`;
    this.#find('damage', first?.seq ?? 0, text);
  }

  async #one(id: SessionId, session: Session | undefined): Promise<void> {
    if (session === undefined) {
      this.#unknown(id);
      return;
    }
    const found = await inspect(join(this.#folder, id));
    const { altered, lacks, proof } = judge(found, session.told);
    const seq = proof?.seq ?? session.told[0]?.seq ?? 0;
    for (const text of altered) this.#find('damage', seq, `recording ${id}: ${text}`);
    if (altered.length > 0) this.#counts.altered += 1;
    else if (lacks.length === 0) this.#counts.whole += 1;
    else this.#lacking(id, session, lacks, seq, found.ended);
  }

  #lacking(
    id: SessionId,
    { over }: Session,
    lacks: readonly string[],
    seq: number,
    ended: boolean,
  ): void {
    const text = `recording ${id}: ${lacks.join('; ')}`;
    if (over || ended) {
      this.#counts.cut += 1;
      this.#find('hole', seq, text);
      return;
    }
    this.#counts.open += 1;
    this.#notes.push(`${text} (its shell is open, or its end was lost)`);
  }

  #unknown(id: SessionId): void {
    const text = `recording ${id}: the record knows no such shell`;
    if (this.#whole) this.#find('damage', 0, text);
    else this.#notes.push(`${text}; a part of the record is gone`);
    if (this.#whole) this.#counts.altered += 1;
  }

  #find(kind: FindingKind, seq: number, text: string): void {
    this.#findings.push({ kind, seq, text });
  }
}
