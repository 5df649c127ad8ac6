// The marks of a recording, each a way to its moment: changes of state, approvals, and all else that was noted. What is
// not known is shown as it stands.
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { RecordingMark } from '#contract/recording-routes.ts';
import { findText, t } from '#hmi/i18n/text.ts';
import { formatTime } from '#hmi/parts/format.ts';

export function Marks(props: {
  readonly marks: readonly RecordingMark[];
  readonly at: Signal<number>;
  readonly seek: (to_us: number) => void;
}): JSX.Element {
  const { marks, at, seek } = props;
  const shown = marks.filter(({ kind }) => kind !== 'resize');
  const current = shown.findLast(({ t_us }) => t_us <= at.value);
  return (
    <ol class="marks-list" aria-label={t('playback.marks')}>
      {shown.map((mark) => (
        <li key={mark.n}>
          <button
            type="button"
            class="plain"
            aria-pressed={mark === current}
            onClick={() => seek(mark.t_us)}
          >
            <small>{formatTime(mark.at)}</small> {saidOf(mark)}
          </button>
        </li>
      ))}
    </ol>
  );
}

export function saidOf({ kind, about }: RecordingMark): string {
  if (kind === 'exit') return t('room.exited', { code: about.code });
  if (kind === 'resize') return `${about.cols}×${about.rows}`;
  const said = wordsOf(about);
  return kind === 'state' ? (findText(`session.${said}`) ?? said) : said;
}

/** The state or the sentence of it. */
function wordsOf(about: unknown): string {
  if (typeof about === 'string') return about;
  const { text, state, to, change, event } = (about ?? {}) as Readonly<Record<string, unknown>>;
  const said = [text, state, to, change, event].find((each) => typeof each === 'string');
  return typeof said === 'string' ? said : JSON.stringify(about);
}
