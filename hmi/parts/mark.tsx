// Marks that carry their meaning by shape: truth of a condition, priority of an alarm. Colour only repeats it.
import type { JSX } from 'preact';
import type { Term } from '#contract/wire.ts';
import { t } from '#hmi/i18n/text.ts';

/** Tick, cross or question mark. */
export function Truth({ truth }: { truth: Term['truth'] }): JSX.Element {
  return (
    <svg class={`truth ${truth}`} viewBox="0 0 24 24" role="img" aria-label={t(`truth.${truth}`)}>
      {truth === 'unknown' ? (
        <>
          <path class="face" d="M12 1.5 22.5 12 12 22.5 1.5 12Z" />
          <path class="sign" d="M9.3 9.6a2.8 2.8 0 1 1 4.2 2.5c-1 .6-1.5 1-1.5 2.1M12 16.7v.4" />
        </>
      ) : truth === 'true' ? (
        <>
          <circle class="face" cx="12" cy="12" r="10" />
          <path class="sign" d="m7 12.5 3.4 3.4L17 8.6" />
        </>
      ) : (
        <>
          <rect class="face" x="2" y="2" width="20" height="20" rx="2" />
          <path class="sign" d="m7.5 7.5 9 9m0-9-9 9" />
        </>
      )}
    </svg>
  );
}

const shapes: Readonly<Record<number, string>> = {
  1: 'M2.5 2.5h19v19h-19Z',
  2: 'M12 1.5 23 21.5H1Z',
  3: 'M12 1.2 22.8 12 12 22.8 1.2 12Z',
  4: 'M12 1.8a10.2 10.2 0 1 1 0 20.4 10.2 10.2 0 0 1 0-20.4Z',
};

/** The shape and digit of a priority; it blinks while nobody has answered. */
export function Priority(props: { priority: number; waits: boolean }): JSX.Element {
  const { priority, waits } = props;
  return (
    <svg
      class={`priority p${priority} ${waits ? 'waits' : ''}`}
      viewBox="0 0 24 24"
      role="img"
      aria-label={t('alarms.priority', { priority })}
    >
      <path class="face" d={shapes[priority] ?? shapes[4]} />
      <text x="12" y={priority === 2 ? 19 : 17}>
        {priority}
      </text>
    </svg>
  );
}

const signs = {
  bad: 'M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20M5.2 5.2l13.6 13.6',
  stale: 'M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20M12 6.5V12l3.8 3',
  uncertain: 'M12 1.5 22.5 12 12 22.5 1.5 12ZM7.5 12.5c1.5-3 3-2 4.5-.8s3 2.2 4.5-.8',
} as const;

/** A barred circle, a clock or a wave: bad, stale or uncertain. The word stands beside it. */
export const QualitySign = ({ look }: { look: keyof typeof signs }): JSX.Element => (
  <svg class="sign" viewBox="0 0 24 24" aria-hidden="true">
    <path d={signs[look]} />
  </svg>
);
