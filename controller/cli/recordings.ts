// `recordings`: which shells were recorded, what is in one or where a word stands in them, and a recording played, as asciicast or as text. It reads the data
// directory, of a cell that runs too, and writes nothing there.
import { createWriteStream, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { printable } from '#contract/diagnostic.ts';
import { CellError } from '#contract/error.ts';
import type { RecordingSummary } from '#contract/recording-routes.ts';
import { SessionId } from '#contract/shell.ts';
import { hours } from '#contract/time.ts';
import { realClock } from '#controller/clock.ts';
import { asciicast } from '#controller/recording/asciicast.ts';
import type { Losses } from '#controller/recording/asciicast.ts';
import { Catalogue } from '#controller/recording/catalogue.ts';
import { inspect } from '#controller/recording/inspect.ts';
import { played } from '#controller/recording/page.ts';
import type { RecordingPage } from '#controller/recording/page.ts';
import { Playback } from '#controller/recording/playback.ts';
import { eventsOf, headOf } from '#controller/recording/played.ts';
import { recordingsFolder } from '#controller/recording/recordings.ts';
import { goesOn, leftIn } from '#controller/recording/told.ts';
import { linesOf, transcript } from '#controller/recording/transcript.ts';
import { playRecording } from './recording-player.ts';
import { answer, exit, table } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

async function recordings(invocation: Invocation): Promise<number> {
  const data = resolve(invocation.data);
  const catalogue = new Catalogue(recordingsFolder(data), () => false);
  const [word] = invocation.words;
  const file = invocation.option('asciicast');
  const wanted = wantedOf(invocation);
  if (word === undefined) {
    if (file !== undefined || invocation.flag('text') || invocation.flag('play'))
      throw new CellError('E_USAGE', 'name the recording: `rebe recordings` lists them');
    const all = (await catalogue.list()).map((summary) => asItStands(data, summary));
    if (wanted !== undefined) return find(invocation, catalogue, all, wanted);
    answer(invocation, all, () => listText(all));
    return exit.good;
  }
  const session = SessionId.safeParse(word).data;
  if (session === undefined)
    throw new CellError('E_USAGE', `${word} is no recording, such as sh-0123456789abcdef`);
  const summary = asItStands(data, await summaryOf(catalogue, data, session));
  if (wanted !== undefined) return find(invocation, catalogue, [summary], wanted);
  const folder = catalogue.pathOf(session);
  if (file !== undefined) return writeAsciicast(invocation, folder, resolve(file));
  if (invocation.flag('text')) {
    const lines = transcript(await headOf(folder), eventsOf(folder));
    await pipeline(Readable.from(lines), process.stdout, { end: false });
    return exit.good;
  }
  if (invocation.flag('play')) return play(invocation, summary, folder);
  return one(invocation, summary, folder);
}

/** Throws `E_RECORDING_NONE`, which says so of one that left. */
async function summaryOf(
  catalogue: Catalogue,
  data: string,
  session: SessionId,
): Promise<RecordingSummary> {
  try {
    return await catalogue.summary(session);
  } catch (error) {
    const chronicle = join(data, 'chronicle.db');
    if (!(error instanceof CellError) || error.code !== 'E_RECORDING_NONE') throw error;
    const left = existsSync(chronicle) ? leftIn(data, session) : undefined;
    if (left === undefined) throw error;
    const text = `the recording of ${session} left to make room, ${timeText(left.at)}: entry ${left.seq}`;
    throw new CellError('E_RECORDING_NONE', text, { cause: error });
  }
}

function wantedOf(invocation: Invocation): string | undefined {
  const wanted = invocation.option('find')?.toLowerCase();
  if (wanted === '') throw new CellError('E_USAGE', '--find needs a word');
  return wanted;
}

/** Lines of input, output and marks that have the word; capitals do not matter. */
async function find(
  invocation: Invocation,
  catalogue: Catalogue,
  all: readonly RecordingSummary[],
  wanted: string,
): Promise<number> {
  const found: { session: SessionId; at: number; kind: string; text: string }[] = [];
  const unread: { session: SessionId; text: string }[] = [];
  for (const { session, began } of all) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one recording in memory at a time
      for await (const { t, kind, said } of linesOf(eventsOf(catalogue.pathOf(session)))) {
        if (found.length > findLimit) break;
        if (!said.toLowerCase().includes(wanted)) continue;
        found.push({ session, at: began + Math.floor(t / 1000), kind, text: said });
      }
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      unread.push({ session, text: error.message });
    }
  }
  const more = found.length > findLimit;
  const told = found.slice(0, findLimit);
  answer(invocation, { found: told, more, unread }, () =>
    [
      ...told.map((each) => `${each.session}  ${timeText(each.at)}  ${each.kind}  ${each.text}`),
      ...(told.length === 0 ? [`Nothing has it in ${all.length} recordings.`] : []),
      ...(more ? [`and more: only the first ${findLimit} lines are told`] : []),
      ...unread.map(({ session, text }) => `  ! ${session} cannot be read to its end: ${text}`),
    ].join('\n'),
  );
  return unread.length === 0 ? exit.good : exit.found;
}

async function play(
  invocation: Invocation,
  { began, duration_us }: RecordingSummary,
  folder: string,
): Promise<number> {
  const { stdin, stdout } = process;
  const speed = Number(invocation.option('speed') ?? 1);
  if (!(speed >= 0.125 && speed <= 64))
    throw new CellError('E_USAGE', '--speed is a number from 0.125 to 64');
  if (!stdin.isTTY || !stdout.isTTY)
    throw new CellError('E_USAGE', '--play needs a terminal; --text prints what was said in it');
  const { columns: cols, rows } = stdout;
  const playback = new Playback();
  const screenAt = async (from: number): Promise<RecordingPage> =>
    playback.page(folder, { from: Math.floor(from), to: Math.floor(from) });
  const terminal = {
    cols,
    rows,
    write: (text: string): void => void stdout.write(text),
    keys: (heard: (key: string) => void) => {
      const hear = (bytes: Buffer): void => heard(bytes.toString());
      stdin.setRawMode(true);
      stdin.on('data', hear);
      return () => {
        stdin.off('data', hear);
        stdin.setRawMode(false);
        stdin.pause();
      };
    },
  };
  await playRecording(realClock(), terminal, { began, duration_us, screenAt }, speed);
  return exit.good;
}

/** Lines that are told of what was looked for. */
const findLimit = 10_000;
/** No shell is open for longer. */
const longest = hours(24);

/** What has no end may be open: the record of a cell that runs says so. */
function asItStands(data: string, summary: RecordingSummary): RecordingSummary {
  const { state, session, began } = summary;
  const chronicle = join(data, 'chronicle.db');
  const old = realClock().time() - began > longest;
  if (state !== 'cut' || old || !existsSync(chronicle)) return summary;
  try {
    return goesOn(data, session, began) ? { ...summary, state: 'open' } : summary;
  } catch (error) {
    if (error instanceof CellError) return summary;
    throw error;
  }
}

async function one(
  invocation: Invocation,
  summary: RecordingSummary,
  folder: string,
): Promise<number> {
  const { head, marks, moreMarks, problems, segments, unsealed, torn } = await inspect(folder);
  const began = head?.began ?? summary.began;
  const told = marks.map((mark) => played(mark, began));
  const plain = { ...summary, size: head?.size, segments: segments.length, unsealed, torn };
  answer(invocation, { ...plain, problems, marks: told, moreMarks }, () =>
    [
      `${summary.session}  ${printable(summary.title)}`,
      `  by        ${summary.by ?? '?'}, ${timeText(summary.began)}, for ${spanText(summary)}`,
      `  state     ${summary.state}`,
      `  holds     ${summary.events} events, ${segments.length} segments, ${sizeText(summary.output_bytes)} of output in ${sizeText(summary.file_bytes)}`,
      ...(unsealed > 0 ? [`  - ${unsealed} bytes at its end are not sealed`] : []),
      ...(torn > 0 ? [`  - ${torn} bytes at its end were never written whole`] : []),
      ...problems.map((text) => `  ! ${text}`),
      ...told.map((mark) => `  ${timeText(mark.at)}  ${mark.kind}  ${aboutText(mark)}`),
      ...(moreMarks ? ['  and more marks'] : []),
    ].join('\n'),
  );
  return problems.length === 0 ? exit.good : exit.found;
}

const aboutText = (mark: object): string =>
  'about' in mark ? printable(JSON.stringify(mark.about)) : '';

async function writeAsciicast(
  invocation: Invocation,
  folder: string,
  file: string,
): Promise<number> {
  if (existsSync(file)) throw new CellError('E_FILE_EXISTS', `${file} is there already`);
  const head = await headOf(folder);
  let losses: Losses = { replaced: 0 };
  const lines = async function* lines(): AsyncGenerator<string> {
    losses = yield* asciicast(head, eventsOf(folder));
  };
  try {
    await pipeline(Readable.from(lines()), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new CellError('E_FILE_WRITE', `${file}: ${cause.message}`, { cause });
  }
  const { replaced } = losses;
  answer(invocation, { file, replaced }, () =>
    [
      `${file}: asciicast v3`,
      ...(replaced > 0
        ? [`  - ${replaced} places were no UTF-8 and were replaced; the recording has them`]
        : []),
    ].join('\n'),
  );
  return exit.good;
}

function listText(all: readonly RecordingSummary[]): string {
  if (all.length === 0) return 'There are no recordings.';
  const bytes = all.reduce((sum, { file_bytes: size }) => sum + size, 0);
  const rows = table([
    ['recording', 'began', 'for', 'state', 'by', 'output', 'title'],
    ...all.map((summary) => [
      summary.session,
      timeText(summary.began),
      spanText(summary),
      summary.state,
      summary.by ?? '?',
      sizeText(summary.output_bytes),
      printable(summary.title),
    ]),
  ]);
  return `${rows}\n${all.length} in all, ${sizeText(bytes)} on disk`;
}

const timeText = (time: number): string => new Date(time).toISOString();

function spanText({ duration_us: micros }: RecordingSummary): string {
  const seconds = Math.round(micros / 1e6);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

export const recordingVerbs: readonly Verb[] = [
  {
    name: 'recordings',
    usage: '[RECORDING]',
    summary:
      'Lists the recordings of shells, shows or plays one, looks for a word, or writes one for other players.',
    more: 'Times are UTC. The text is for reading alone: whatever steers a terminal is left out of it. --find looks in all of them, or in one, line by line; what was typed unseen is nowhere. Nobody deletes one: past `shell.recordings.max` the oldest leave, and the record says so.',
    example: 'rebe recordings sh-0123456789abcdef --asciicast night.cast',
    words: [0, 1],
    options: {
      asciicast: { type: 'string', help: 'write it to this new file as asciicast v3' },
      text: { type: 'boolean', help: 'print when, who and what, line by line' },
      find: { type: 'string', help: 'tell the lines that have this word' },
      play: { type: 'boolean', help: 'play it here; space pauses, q ends' },
      speed: { type: 'string', help: 'with --play: how fast, 0.125 to 64 (default 1)' },
    },
    run: recordings,
  },
];
