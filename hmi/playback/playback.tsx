// A recording and the machine on one time line: the terminal as it was, under it what the session did, the
// cell's states, alarms and values of the same minutes. One moment moves all.
import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { readRecording } from '#contract/recording-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import type { Key as Word } from '#hmi/i18n/text.ts';
import { t } from '#hmi/i18n/text.ts';
import { Problem, useAsking } from '#hmi/parts/form.tsx';
import { nameOf } from '#hmi/parts/names.ts';
import { beginScreens } from '#hmi/screens/begin.ts';
import { Key } from '#hmi/trend/key.tsx';
import { Picker } from '#hmi/trend/picker.tsx';
import { PlotRoom } from '#hmi/trend/plot.tsx';
// oxlint-disable-next-line import/no-unassigned-import -- of a style sheet there is nothing to name
import '#hmi/trends.css';
import { Controls } from './controls.tsx';
import { happenedIn, sessionStays } from './happened.ts';
import { SessionLanes } from './lanes.tsx';
import { Marks } from './marks.tsx';
import { playing } from './playing.ts';
import { usePlayer } from './use-player.ts';
import type { Recording } from './use-player.ts';

beginScreens();

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
  const { recording, verified } = told;
  const played = usePlayer(told);
  const [large, picking] = [useSignal(false), useSignal(false)];
  const happened = useMemo(() => happenedIn(told), [told]);
  const stays = useMemo(() => sessionStays(told), [told]);
  return (
    <div class={`playback trends ${large.value ? 'large' : ''}`}>
      <section class="panel screen" aria-label={t('playback.screen')}>
        <header>
          <strong class="tag past">{t('playback.past')}</strong>
          <b>{recording.by === null ? '' : nameOf(recording.by)}</b>
          <span class="title">{recording.title}</span>
          <span class={`proof ${verified.result}`}>
            {t(`verified.${verified.result}`, { entry: verified.entry ?? 0 })}
          </span>
          <Toggle word="playback.larger" on={large} />
          <Toggle word="playback.tags" on={picking} />
          <Back />
        </header>
        <div class="glass" ref={played.place} />
        <Controls playing={played} recording={recording} happened={happened} />
        <p class="quiet" role="status">
          {played.notice.value}
        </p>
      </section>
      {picking.value && (
        <Picker
          done={() => {
            picking.value = false;
          }}
        />
      )}
      <section class="panel drawn" aria-label={t('playback.machine')}>
        <PlotRoom
          rows={(frame) => <SessionLanes frame={frame} stays={stays} happened={happened} />}
        />
      </section>
      <div class="panel lines">
        <div class="scroll" tabIndex={0} role="group" aria-label={t('playback.marks')}>
          <Marks happened={happened} at={played.at} seek={played.seek} />
        </div>
        <div class="scroll keys" tabIndex={0} role="group" aria-label={t('trends.lines')}>
          <Key />
        </div>
      </div>
    </div>
  );
}

const Toggle = ({ word, on }: { word: Word; on: Signal<boolean> }): JSX.Element => (
  <button
    type="button"
    class="plain"
    aria-pressed={on.value}
    onClick={() => {
      on.value = !on.value;
    }}
  >
    {t(word)}
  </button>
);
