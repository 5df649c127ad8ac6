// The picture of a trend: panes of numbers, lanes of words, states of the unit and alarms under them, the time axis.
// As a whole it is one slider of the moment that is read; fingers, mouse and keys all move it.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Window } from '#hmi/feed/history.ts';
import { store } from '#hmi/feed/cell.ts';
import { faceOf, stateTitle } from '#hmi/feed/derive.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatDay, formatMinute, formatMoment, formatTime } from '#hmi/parts/format.ts';
import { Priority } from '#hmi/parts/mark.tsx';
import { drawnWindow, under } from './edge.ts';
import type { Mark } from './events.ts';
import { Lane, TagLane } from './lane.tsx';
import { Pane } from './pane.tsx';
import type { Frame, Numbered } from './pane.tsx';
import { readInks } from './paint.ts';
import type { Painted } from './paint.ts';
import { answered, busy, chosen, isPen, moment, pens, place } from './pens.ts';
import { followPointers, followWheel, pressKey } from './pointing.ts';
import { tickForm, ticksOf } from './ticks.ts';

/** Root ems: of the scale on the left, of the numbers on the right. CSS knows them as --left and --right. */
const leftRem = 4.5;
const rightRem = 2;
/** Between two ticks. */
const tickApartRem = 5.5;

/** Rows of somebody else's, on the same time line. */
export type Rows = (frame: Frame) => JSX.Element;

export function Plot({
  width,
  rows,
}: {
  readonly width: number;
  readonly rows?: Rows | undefined;
}): JSX.Element {
  const inks = readInks();
  const left = leftRem * inks.rem;
  const right = rightRem * inks.rem;
  const inner = Math.max(50, Math.floor(width - left - right));
  useLayoutEffect(() => {
    place.value = { width: inner, rem: inks.rem };
  }, [inner, inks.rem]);
  const window = drawnWindow.value;
  // Live values are drawn with the next column, not each by itself.
  void answered.value;
  const ticks = ticksOf(window, Math.max(2, Math.floor(inner / (tickApartRem * inks.rem))));
  const frame: Frame = { window, ticks, inks, left, right, width: inner };
  const numbered = chosen.value.flatMap((name, index): Numbered[] => {
    const pen = pens.peek()[name];
    return isPen(pen) ? [{ pen, number: index + 1 }] : [];
  });
  const ofNumbers = numbered.filter(
    ({ pen }) => pen.info.type === 'real' || pen.info.type === 'int',
  );
  const ofWords = numbered.filter((each) => !ofNumbers.includes(each));
  const at = moment.value ?? window.to;
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    return element === null ? undefined : followWheel(element, () => inner);
  }, [inner]);
  return (
    <div
      class="plot"
      ref={box}
      role="slider"
      tabIndex={0}
      aria-label={t('trends.moment')}
      aria-valuemin={window.from}
      aria-valuemax={window.to}
      aria-valuenow={Math.min(window.to, Math.max(window.from, at))}
      aria-valuetext={formatMoment(at)}
      aria-busy={busy.value}
      onKeyDown={pressKey}
      {...followPointers({ left, width: inner })}
    >
      {[...byUnit(ofNumbers)].map(([unit, group]) => (
        <Pane key={`unit ${unit}`} {...frame} pens={group} />
      ))}
      {ofWords.map((each) => (
        <TagLane key={each.pen.name} {...frame} {...each} />
      ))}
      {rows?.(frame)}
      <Strip frame={frame} />
      <Axis frame={frame} />
      <Hair frame={frame} />
    </div>
  );
}

function byUnit(numbered: readonly Numbered[]): Map<string, Numbered[]> {
  const groups = new Map<string, Numbered[]>();
  for (const each of numbered) {
    const unit = each.pen.info.unit ?? '';
    groups.set(unit, [...(groups.get(unit) ?? []), each]);
  }
  return groups;
}

/** States as a lane, alarms as marks under it. */
function Strip({ frame }: { readonly frame: Frame }): JSX.Element {
  const { window } = frame;
  const flow = faceOf(store.hello.value);
  const { stays, marks, gaps, from } = under.value;
  const painted = stays.map((stay): Painted => {
    const many = stay.value === 'many';
    const look = many ? 'many' : /\.(?:Execute|Suspended)$/.test(stay.value) ? 'high' : 'low';
    return { ...stay, look, word: many ? t('trends.many') : stateTitle(flow, stay.value) };
  });
  const nobody = gaps.map((gap): Painted => ({
    ...gap,
    look: 'gap',
    word: t('trends.unrecorded'),
  }));
  return (
    <>
      <Lane {...frame} name={t('trends.states')} stretches={[...painted, ...nobody]} />
      <div class="lane marks">
        <span class="name">{t('nav.alarms')}</span>
        <div class="track">
          {from > window.from && (
            <span class="cut" style={{ width: `${Math.min(1, shareOf(from, window)) * 100}%` }}>
              {t('trends.tooMany')}
            </span>
          )}
          {marks.map((mark) => (
            <span
              key={`${mark.alarm.id} ${mark.from}`}
              class={`at ${isOver(mark) ? 'over' : ''}`}
              style={{ left: `${shareOf(mark.from, window) * 100}%` }}
            >
              <Priority priority={mark.alarm.priority} waits={false} />
              {mark.others.length > 0 && <b class="more">+{mark.others.length}</b>}
            </span>
          ))}
        </div>
      </div>
    </>
  );
}

const isOver = ({ alarm, others }: Mark): boolean =>
  [alarm, ...others].every(({ cleared }) => cleared !== null);

export const shareOf = (time: number, { from, to }: Window): number => (time - from) / (to - from);

function Axis({ frame }: { readonly frame: Frame }): JSX.Element {
  const { window, ticks } = frame;
  return (
    <div class="lane axis">
      <span class="name" />
      <div class="track">
        {ticks.times.map((time) => {
          const form = tickForm(time, ticks.step);
          const write = { day: formatDay, minute: formatMinute, second: formatTime }[form];
          return (
            <span key={time} class="at" style={{ left: `${shareOf(time, window) * 100}%` }}>
              {form === 'day' ? <b>{write(time)}</b> : write(time)}
            </span>
          );
        })}
      </div>
    </div>
  );
}

/** The line at the moment that is read. */
function Hair({ frame }: { readonly frame: Frame }): JSX.Element | null {
  const { window } = frame;
  const time = moment.value;
  if (time === undefined || time < window.from || time > window.to) return null;
  return (
    <div class="hair" aria-hidden="true">
      <i style={{ left: `${shareOf(time, window) * 100}%` }} />
    </div>
  );
}

/** Room for the plot, measured: it is drawn as wide as it is. */
export function PlotRoom({ rows }: { readonly rows?: Rows }): JSX.Element {
  const room = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  useLayoutEffect(() => {
    const element = room.current;
    if (element === null) return undefined;
    const look = (): void => {
      width.value = element.clientWidth;
    };
    look();
    const sized = new ResizeObserver(look);
    sized.observe(element);
    return () => sized.disconnect();
  }, []);
  return (
    <div class="room" ref={room}>
      {width.value > 0 && <Plot width={width.value} rows={rows} />}
    </div>
  );
}
