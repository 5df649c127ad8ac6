// Time in a state beside what is usual for it: a bar with marks at the median and the p95, and a word when it is longer.
import type { JSX } from 'preact';
import type { FlowState } from '#contract/wire.ts';
import { cellTime } from '#hmi/feed/cell.ts';
import { paceOf } from '#hmi/feed/pace.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatFineSpan, formatSpan } from './format.ts';

type Place = FlowState['regions'][string];

/** `3 s`, the bar, `usual 2.8 s`; the time alone where the state was never left before. */
export function TimeIn({ place }: { place: Place }): JSX.Element {
  const span = Math.max(0, cellTime.value - place.sinceTime);
  const { usual } = place;
  const pace = usual === undefined ? undefined : paceOf(usual, span);
  const median = formatFineSpan(usual?.median_ms ?? 0);
  return (
    <span class={`time-in ${pace?.long === true ? 'long' : ''}`}>
      <b class="since">{formatSpan(span)}</b>
      {usual !== undefined && pace !== undefined && (
        <>
          <span
            class="bar"
            role="img"
            aria-label={t('usual.bar', {
              median,
              p95: formatFineSpan(usual.p95_ms),
              visits: usual.visits,
            })}
          >
            <span class="fill" style={{ width: `${pace.now * 100}%` }} />
            <span class="tick" style={{ left: `${pace.median * 100}%` }} />
            <span class="tick" style={{ left: `${pace.p95 * 100}%` }} />
          </span>
          <small>
            {pace.long ? (
              <strong>{t('usual.long', { median })}</strong>
            ) : (
              t('usual.text', { median })
            )}
          </small>
        </>
      )}
    </span>
  );
}
