// Moves through a recording: to marks, by ten seconds, to any moment; and plays it, at its pace or faster.
import type { JSX } from 'preact';
import type { Key } from '#hmi/i18n/text.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatMoment, formatSpan, formatTime } from '#hmi/parts/format.ts';
import type { Playing, Recording } from './use-player.ts';

const speeds = [1, 4, 16] as const;
const leap_us = 10_000_000;
/** A mark that is so near before what is shown is what is shown. */
const near_us = 1000;

interface ControlProps {
  readonly playing: Playing;
  readonly told: Recording;
}

export function Controls({ playing, told }: ControlProps): JSX.Element {
  const { at, speed, seek } = playing;
  const { began, duration_us } = told.recording;
  const times = told.marks.map(({ t_us }) => t_us);
  const before = times.findLast((time) => time < at.value - near_us) ?? 0;
  const after = times.find((time) => time > at.value) ?? duration_us;
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
      <Scrubber playing={playing} told={told} />
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

function Scrubber({ playing, told }: ControlProps): JSX.Element {
  const { at, seek } = playing;
  const { began, duration_us } = told.recording;
  return (
    <div class="scrub">
      <div class="ticks" aria-hidden="true">
        {told.marks.map(({ n, kind, t_us }) => (
          <i key={n} class={kind} style={{ left: `${(100 * t_us) / Math.max(1, duration_us)}%` }} />
        ))}
      </div>
      <input
        type="range"
        min={0}
        max={duration_us}
        step={1000}
        value={at.value}
        aria-label={t('playback.time')}
        aria-valuetext={formatMoment(began + at.value / 1000)}
        onInput={(event) => seek(Number(event.currentTarget.value))}
      />
    </div>
  );
}
