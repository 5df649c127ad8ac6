// Rows of the session on the machine's time line: its states, a pause among them, and under them when somebody typed,
// typed unseen, and when a program was seen to start.
import type { JSX } from 'preact';
import { t } from '#hmi/i18n/text.ts';
import { Lane } from '#hmi/trend/lane.tsx';
import type { Painted } from '#hmi/trend/paint.ts';
import type { Frame } from '#hmi/trend/pane.tsx';
import { shareOf } from '#hmi/trend/plot.tsx';
import { stateWord } from './happened.ts';
import type { Happened, SessionStay } from './happened.ts';

interface LanesProps {
  readonly frame: Frame;
  readonly stays: readonly SessionStay[];
  readonly happened: readonly Happened[];
}

export function SessionLanes({ frame, stays, happened }: LanesProps): JSX.Element {
  const { window } = frame;
  const stretches = stays.map(({ state, from, to }): Painted => {
    const look = state === 'Running' ? 'high' : state === 'Paused' ? 'many' : 'low';
    return { from, to, look, word: stateWord(state) };
  });
  const ticks = happened.filter(
    ({ kind, at }) => kind !== 'state' && kind !== 'answer' && at >= window.from && at <= window.to,
  );
  return (
    <>
      <Lane {...frame} name={t('playback.session')} stretches={stretches} />
      <div class="lane hands">
        <span class="name">{t('playback.hands')}</span>
        <div class="track">
          {ticks.map(({ key, kind, at }) => (
            <i key={key} class={kind} style={{ left: `${shareOf(at, window) * 100}%` }} />
          ))}
        </div>
      </div>
    </>
  );
}
