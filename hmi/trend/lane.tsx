// A row of a trend that has words in place of a scale: a bool, an enum, or the states of the cell's unit.
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { LoggedTag } from '#contract/history.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatValue } from '#hmi/parts/format.ts';
import { paintLane } from './paint.ts';
import type { Painted } from './paint.ts';
import type { Frame, Numbered } from './pane.tsx';
import { knownTo } from './edge.ts';
import { leastStretch } from './pens.ts';
import { gapsOf, stretchesOf } from './points.ts';
import type { Stretch } from './points.ts';

/** `name`: what stands on its left. */
export function Lane(
  props: Frame & { readonly name: string; readonly stretches: readonly Painted[] },
): JSX.Element {
  const { name, stretches, window, inks, width } = props;
  const place = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const canvas = place.current;
    if (canvas === null) return;
    const [wide, tall] = [width, canvas.clientHeight].map((each) =>
      Math.round(each * devicePixelRatio),
    );
    // A canvas that is given a size begins anew, also when it is the same.
    if (wide !== undefined && canvas.width !== wide) canvas.width = wide;
    if (tall !== undefined && canvas.height !== tall) canvas.height = tall;
    paintLane(canvas, stretches, window, inks);
  });
  return (
    <div class="lane">
      <span class="name">{name}</span>
      <canvas ref={place} />
    </div>
  );
}

/** A bool or an enum. */
export function TagLane(props: Frame & Numbered): JSX.Element {
  const { pen, number, ...frame } = props;
  const { from, to } = frame.window;
  const least = (leastStretch / frame.width) * (to - from);
  const window = { from: Math.max(from, pen.known.from), to, until: knownTo(pen.known) };
  const { points } = pen.series;
  const unknown = gapsOf(points.slice(0, 1), window).map((gap): Painted => ({
    ...gap,
    look: 'gap',
    word: t('trends.gap'),
  }));
  const stretches = stretchesOf(points, window, least).map((stretch) => painted(stretch, pen.info));
  return (
    <Lane
      {...frame}
      name={String(number)}
      stretches={
        points.length === 0 || (points[0]?.[0] ?? 0) > from ? [...unknown, ...stretches] : stretches
      }
    />
  );
}

function painted({ from, to, value }: Stretch, info: LoggedTag): Painted {
  if (value === null) return { from, to, look: 'gap', word: t('trends.gap') };
  if (value === 'many') return { from, to, look: 'many', word: t('trends.many') };
  const look = info.type === 'bool' && value === 0 ? 'low' : 'high';
  return { from, to, look, word: wordOf(value, info) };
}

/** A number of history as people say it. */
export function wordOf(value: number, info: LoggedTag): string {
  if (info.type === 'bool') return formatValue(value !== 0);
  if (info.type === 'enum') return info.values?.[value] ?? String(value);
  return formatValue(value, { type: info.type, ...rangeOf(info) });
}

const rangeOf = ({ min, max }: LoggedTag): { min?: number; max?: number } => ({
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
});
