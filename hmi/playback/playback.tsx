// A recording and the machine on one time line: the terminal as it was, under it the states, alarms and values of the
// same minutes. One moment moves both.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { readRecording } from '#contract/recording-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { t } from '#hmi/i18n/text.ts';
import { Problem, useAsking } from '#hmi/parts/form.tsx';
import { nameOf } from '#hmi/parts/names.ts';
import { beginTrends } from '#hmi/trend/begin.ts';
import { Key } from '#hmi/trend/key.tsx';
import { PlotRoom } from '#hmi/trend/plot.tsx';
import { Reading } from '#hmi/trend/reading.tsx';
// oxlint-disable-next-line import/no-unassigned-import -- of a style sheet there is nothing to name
import '#hmi/trends.css';
import { Controls } from './controls.tsx';
import { Marks } from './marks.tsx';
import { playing } from './playing.ts';
import { usePlayer } from './use-player.ts';
import type { Recording } from './use-player.ts';

beginTrends();

export function Playback(): JSX.Element | null {
  const id = playing.value ?? '';
  const asking = useAsking();
  const told = useSignal<Recording | undefined>(undefined);
  useEffect(() => {
    const load = async (): Promise<void> => {
      told.value = await asking.run(() =>
        ask<typeof readRecording>('GET', '/api/recordings/:id', { params: { id } }),
      );
    };
    void load();
  }, [id]);
  if (told.value !== undefined) return <Played key={id} recording={told.value} />;
  return (
    <div class="playback">
      <Problem asking={asking} />
      <Back />
    </div>
  );
}

const Back = (): JSX.Element => (
  <button
    type="button"
    class="plain"
    onClick={() => {
      playing.value = undefined;
    }}
  >
    {t('rail.back')}
  </button>
);

function Played({ recording: told }: { recording: Recording }): JSX.Element {
  const { recording, marks, verified } = told;
  const played = usePlayer(told);
  return (
    <div class="playback">
      <section class="panel screen" aria-label={t('playback.screen')}>
        <header>
          <strong class="tag past">{t('playback.past')}</strong>
          <b>{recording.by === null ? '' : nameOf(recording.by)}</b>
          <span>{recording.title}</span>
          <span class={`proof ${verified.result}`}>
            {t(`verified.${verified.result}`, { entry: verified.entry ?? 0 })}
          </span>
          <span class="push" />
          <Back />
        </header>
        <div class="glass" ref={played.place} />
        <Controls playing={played} told={told} />
        <p class="quiet" role="status">
          {played.notice.value}
        </p>
      </section>
      <section class="trends beside" aria-label={t('playback.machine')}>
        <div class="panel drawn">
          <PlotRoom />
          <Reading />
        </div>
        <div class="panel lines">
          <div class="scroll" tabIndex={0} role="group" aria-label={t('trends.lines')}>
            <Marks marks={marks} at={played.at} seek={played.seek} />
            <Key />
          </div>
        </div>
      </section>
    </div>
  );
}
