// What values were over time: up to eight lines, the states of the unit and alarms under them, live or in the past.
// Loaded when it is first opened: what draws it is larger than the rest of the page.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { cellTime, live } from '#hmi/feed/cell.ts';
import { t } from '#hmi/i18n/text.ts';
import type { Key as Word } from '#hmi/i18n/text.ts';
import { formatMoment, formatTime, zoneName } from '#hmi/parts/format.ts';
import { Key } from '#hmi/trend/key.tsx';
import { busy, chosen, fit, moment, now, pens, isPen, startPens, view } from '#hmi/trend/pens.ts';
import { beginScreens } from './begin.ts';
import { Picker } from '#hmi/trend/picker.tsx';
import { PlotRoom } from '#hmi/trend/plot.tsx';
import { follow, pan, zoom } from '#hmi/trend/pointing.ts';
import { Reading } from '#hmi/trend/reading.tsx';
import { spans, windowOf } from '#hmi/trend/view.ts';
import type { SpanName } from '#hmi/trend/view.ts';
// oxlint-disable-next-line import/no-unassigned-import -- of a style sheet there is nothing to name
import '#hmi/trends.css';

beginScreens();

const half = 0.5;

export function Trends(): JSX.Element {
  useEffect(() => startPens(), []);
  const picking = useSignal(false);
  const end = (): void => {
    picking.value = false;
  };
  return (
    <main class="stale-scope trends" aria-label={t('nav.trends')}>
      <Tools
        pick={() => {
          picking.value = !picking.value;
        }}
        picking={picking.value}
      />
      {picking.value ? (
        <Picker done={end} />
      ) : (
        <>
          <section class="panel drawn" aria-label={t('trends.picture')}>
            <Range />
            {chosen.value.length === 0 && <p class="quiet">{t('trends.none')}</p>}
            <PlotRoom />
            <Reading />
          </section>
          <section class="panel lines" aria-label={t('trends.lines')}>
            <h2>
              {t('trends.at')}{' '}
              <b>{moment.value === undefined ? newestText() : formatMoment(moment.value)}</b>
            </h2>
            <div class="scroll" tabIndex={0} role="group" aria-label={t('trends.lines')}>
              <Key />
            </div>
          </section>
        </>
      )}
    </main>
  );
}

const newestText = (): string =>
  view.value.end === undefined ? t('trends.newest') : formatMoment(view.value.end);

function Tools({ pick, picking }: { pick: () => void; picking: boolean }): JSX.Element {
  const follows = view.value.end === undefined;
  return (
    <div class="tools" role="group" aria-label={t('trends.window')}>
      {(Object.keys(spans) as SpanName[]).map((name) => (
        <button
          key={name}
          type="button"
          class="plain"
          aria-pressed={view.value.span === spans[name]}
          onClick={() => {
            view.value = { ...view.value, span: spans[name] };
          }}
        >
          {t(`spans.${name}`)}
        </button>
      ))}
      <Sign word="trends.earlier" sign="◀" act={() => pan(-half)} />
      <Sign word="trends.later" sign="▶" act={() => pan(half)} />
      <Sign word="trends.closer" sign="+" act={() => zoom(half, anchor())} />
      <Sign word="trends.wider" sign="−" act={() => zoom(1 / half, anchor())} />
      <button type="button" class="plain" aria-pressed={follows} onClick={follow}>
        {t('trends.live')}
      </button>
      <button
        type="button"
        class="plain"
        aria-pressed={fit.value}
        onClick={() => {
          fit.value = !fit.value;
        }}
      >
        {t('trends.fit')}
      </button>
      <span class="push" />
      <button type="button" class="plain" aria-expanded={picking} onClick={pick}>
        {t('trends.pick')}
      </button>
    </div>
  );
}

const Sign = (props: { word: Word; sign: string; act: () => void }): JSX.Element => (
  <button type="button" class="plain" aria-label={t(props.word)} onClick={props.act}>
    {props.sign}
  </button>
);

/** What stays where it is while the window zooms: the moment that is read, the newest, else the middle. */
function anchor(): number {
  const { from, to } = windowOf(view.value, now.value);
  const at = moment.value;
  if (at !== undefined && at >= from && at <= to) return (at - from) / (to - from);
  return view.value.end === undefined ? 1 : half;
}

/** Which time is drawn, how coarsely, and whether it follows the cell. */
function Range(): JSX.Element {
  const { from, to } = windowOf(view.value, now.value);
  const tiers = new Set(
    Object.values(pens.value).flatMap((pen) => (isPen(pen) ? [pen.series.tier] : [])),
  );
  return (
    <p class="range">
      <Edge />
      <span>
        {formatMoment(from)} – {formatMoment(to)} {zoneName()}
      </span>
      <small>{[...tiers].map((tier) => t(`tier.${tier}`)).join(', ')}</small>
      <small class="waits">{busy.value && t('trends.loading')}</small>
    </p>
  );
}

function Edge(): JSX.Element {
  if (view.value.end !== undefined) return <strong class="edge">{t('trends.past')}</strong>;
  if (live.value) return <strong class="edge follows">{t('trends.follows')}</strong>;
  return (
    <strong class="edge lost">{t('trends.notLive', { at: formatTime(cellTime.value) })}</strong>
  );
}
