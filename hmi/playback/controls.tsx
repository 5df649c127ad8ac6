// Moves through a recording: to the next event of session or machine, by ten seconds; plays it, at its pace or faster.
import type { JSX } from 'preact';
import type { Key } from '#hmi/i18n/text.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatSpan, formatTime } from '#hmi/parts/format.ts';
import { under } from '#hmi/trend/edge.ts';
import type { Happened } from './happened.ts';
import type { Playing, Recording } from './use-player.ts';

const speeds = [1, 4, 16] as const;
const leap_us = 10_000_000;
/** An event that is so near before what is shown is what is shown. */
const near_us = 1000;

interface ControlProps {
  readonly playing: Playing;
  readonly recording: Recording['recording'];
  readonly happened: readonly Happened[];
}

export function Controls({ playing, recording, happened }: ControlProps): JSX.Element {
  const { at, speed, seek } = playing;
  const { began, duration_us } = recording;
  const ofMachine = under.value.all.map(({ from }) => (from - began) * 1000);
  const times = [...happened.map(({ t_us }) => t_us), ...ofMachine]
    .filter((time) => time >= 0 && time <= duration_us)
    .toSorted((one, other) => one - other);
  const before = times.findLast((time) => time < at.value - near_us) ?? 0;
  const after = times.find((time) => time > at.value + near_us) ?? duration_us;
  const play = (): void => {
    if (speed.value === 0 && at.value >= duration_us) seek(0);
    speed.value = speed.value > 0 ? 0 : 1;
  };
  return (
    <div class="controls">
      <Step word="playback.before" sign="|◀" act={() => seek(before)} />
      <Step word="playback.earlier" sign="◀◀" act={() => seek(at.value - leap_us)} />
      <button type="button" class="plain play" aria-pressed={speed.value > 0} onClick={play}>
        {t(speed.value > 0 ? 'playback.stop' : 'playback.play')}
      </button>
      <Step word="playback.later" sign="▶▶" act={() => seek(at.value + leap_us)} />
      <Step word="playback.after" sign="▶|" act={() => seek(after)} />
      {speeds.map((each) => (
        <button
          key={each}
          type="button"
          class="plain"
          aria-pressed={speed.value === each}
          onClick={() => {
            speed.value = each;
          }}
        >
          {each}×
        </button>
      ))}
      <output>
        <b>{formatTime(began + at.value / 1000)}</b> {formatSpan(at.value / 1000)} /{' '}
        {formatSpan(duration_us / 1000)}
      </output>
    </div>
  );
}

const Step = (props: { word: Key; sign: string; act: () => void }): JSX.Element => (
  <button type="button" class="plain" aria-label={t(props.word)} onClick={props.act}>
    {props.sign}
  </button>
);
