// What happened in a recorded session, for its list and its time line: its states, what was typed, what was seen to
// start, its end, and all else that was noted. Put together by time, in words. Pure.
import type { RecordingMark, TypedLine } from '#contract/recording-routes.ts';
import { findText, t } from '#hmi/i18n/text.ts';
import { nameOf } from '#hmi/parts/names.ts';
import type { Recording } from './use-player.ts';

/** `other`: what this page knows no word for; it is shown as it stands. */
export type Kind = 'state' | 'typed' | 'unseen' | 'answer' | 'process' | 'exit' | 'other';

export interface Happened {
  readonly key: string;
  readonly kind: Kind;
  /** µs since the session began, and UTC ms. */
  readonly t_us: number;
  readonly at: number;
  readonly said: string;
  /** Why, or who. */
  readonly more: string;
}

/** Oldest first. */
export function happenedIn({ marks, typed }: Pick<Recording, 'marks' | 'typed'>): Happened[] {
  const noted = marks.filter(({ kind }) => kind !== 'resize').map(ofMark);
  return [...noted, ...typed.map(ofTyped)].toSorted((one, other) => one.t_us - other.t_us);
}

function ofTyped(line: TypedLine): Happened {
  const { n, t_us, at, by, auto } = line;
  const place = { key: `typed ${n}`, t_us, at };
  if (line.kind === 'secret') {
    const said = t('playback.unseen', { length: line.length });
    return { ...place, kind: 'unseen', said, more: nameOf(by) };
  }
  const said = visible(line.text);
  if (auto) return { ...place, kind: 'answer', said, more: t('playback.answered') };
  return { ...place, kind: 'typed', said, more: nameOf(by) };
}

function ofMark(mark: RecordingMark): Happened {
  const { n, t_us, at } = mark;
  return { key: `mark ${n}`, t_us, at, ...wordsOf(mark) };
}

type Words = Pick<Happened, 'kind' | 'said' | 'more'>;

function wordsOf({ kind, about }: RecordingMark): Words {
  if (kind === 'exit') return { kind, said: t('room.exited', { code: about.code }), more: '' };
  const fields = fieldsOf(about);
  if (kind === 'state') {
    const named = typeof about === 'string' ? about : fields['state'];
    const state = typeof named === 'string' ? named : JSON.stringify(about);
    const why = typeof fields['why'] === 'string' && fields['why'] !== state ? fields['why'] : '';
    return { kind, said: stateWord(state), more: why };
  }
  const { pid, argv } = fieldsOf(fields['process']);
  if (Array.isArray(argv)) {
    const said = visible(argv.map(String).join(' '));
    return { kind: 'process', said, more: t('playback.pid', { pid: Number(pid) }) };
  }
  return { kind: 'other', said: otherWords(fields) ?? JSON.stringify(about), more: '' };
}

function otherWords({ dropped, lost_bytes: lost, failed, text }: Fields): string | undefined {
  if (typeof dropped === 'number') return t('playback.dropped', { bytes: dropped });
  if (typeof lost === 'number') return t('playback.lost', { bytes: lost });
  if (typeof failed === 'string') return t('playback.failed', { code: failed });
  return typeof text === 'string' ? text : undefined;
}

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (about: unknown): Fields =>
  typeof about === 'object' && about !== null && !Array.isArray(about) ? (about as Fields) : {};

/** A state of the session in the page's language; of one that it does not know its name. */
export const stateWord = (state: string): string => findText(`session.${state}`) ?? state;

const pictures = 0x2400;
/** Keys that show nothing, as pictures: what steers a terminal steers no page. */
export const visible = (text: string): string =>
  text
    .replaceAll('\r', '⏎')
    .replaceAll('\n', '⏎')
    .replaceAll('\u007F', '⌫')
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    .replaceAll(/[\u0000-\u001F]/g, (key) =>
      String.fromCodePoint(pictures + (key.codePointAt(0) ?? 0)),
    );

/** A time in one state of the session, UTC ms. */
export interface SessionStay {
  readonly state: string;
  readonly from: number;
  readonly to: number;
}

/** States of the session to its end, from its marks. */
export function sessionStays({
  marks,
  recording,
}: Pick<Recording, 'marks' | 'recording'>): SessionStay[] {
  const end = recording.began + recording.duration_us / 1000;
  const changes = marks.flatMap(({ kind, at, about }) => {
    const state = kind === 'state' ? fieldsOf(about)['state'] : undefined;
    return typeof state === 'string' ? [{ state, from: at }] : [];
  });
  return changes
    .map((change, index) => ({ ...change, to: changes[index + 1]?.from ?? end }))
    .filter(({ from, to }) => to > from);
}
