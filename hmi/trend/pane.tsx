// Numbers of one unit over time, drawn by uPlot: steps, because a value holds until the next; the span between least
// and greatest behind them; hatched where there was no good value. Lines differ by dashes and by the number at their end.
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Window } from '#hmi/feed/history.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatNumber, formatUnit } from '#hmi/parts/format.ts';
import { dashes, hatch, paintEnds } from './paint.ts';
import type { Inks } from './paint.ts';
import { columnsOf, gapsOf } from './points.ts';
import type { Columns } from './points.ts';
import { knownTo } from './edge.ts';
import { fit } from './pens.ts';
import type { Pen } from './pens.ts';
import type { Ticks } from './ticks.ts';

/** A pen and its number in the key. */
export interface Numbered {
  readonly pen: Pen;
  readonly number: number;
}
export interface Frame {
  readonly window: Window;
  readonly ticks: Ticks;
  readonly inks: Inks;
  /** CSS pixels: of the plot itself, of the scale on its left, of the numbers on its right. */
  readonly width: number;
  readonly left: number;
  readonly right: number;
}

interface Drawn extends Frame {
  readonly lines: readonly (Numbered & {
    readonly columns: Columns;
    readonly gaps: readonly Window[];
  })[];
  readonly scale: readonly [number, number];
  readonly times: readonly number[];
}

export function Pane(props: Frame & { readonly pens: readonly Numbered[] }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const { pens, inks } = props;
  const drawing = drawnOf(props);
  const drawn = useRef(drawing);
  drawn.current = drawing;
  const shape = `${pens.map(({ pen, number }) => `${pen.name} ${number}`).join(' ')} ${inks.rem}`;
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new uPlot(optionsOf(drawn, pens, element.clientHeight), undefined, element);
    plot.current = made;
    const sized = new ResizeObserver(() => {
      made.setSize({ width: widthOf(drawn.current), height: element.clientHeight });
    });
    sized.observe(element);
    return () => {
      sized.disconnect();
      made.destroy();
    };
  }, [shape]);
  useLayoutEffect(() => {
    const { current: made } = plot;
    if (made === undefined) return;
    const width = widthOf(drawing);
    if (made.width !== width) made.setSize({ width, height: made.height });
    made.setData([[...drawing.times], ...drawing.lines.map(({ columns }) => columns.last)]);
  });
  return <div class="pane" ref={place} />;
}

const widthOf = ({ width, left, right }: Frame): number => left + width + right;

function drawnOf(props: Frame & { readonly pens: readonly Numbered[] }): Drawn {
  const { window, width, pens } = props;
  const { from, to } = window;
  const count = Math.max(2, Math.floor(width));
  const wide = (to - from) / count;
  const lines = pens.map(({ pen, number }) => {
    const until = knownTo(pen.known);
    return {
      pen,
      number,
      columns: columnsOf(pen.series, { from, to, count, until }),
      gaps: gapsOf(pen.series.points, { from: Math.max(from, pen.known.from), to, until }),
    };
  });
  const times = Array.from({ length: count }, (_, index) => from + index * wide);
  return { ...props, lines, times, scale: scaleOf(lines) };
}

/** The declared range, or what is drawn with a little room; never without height. */
function scaleOf(lines: Drawn['lines']): readonly [number, number] {
  const { min, max } = rangeOf(lines);
  const room = (max - min) * 0.06;
  if (max > min) return [min - room, max + room];
  const around = Math.abs(min) * 0.1 || 1;
  return [min - around, max + around];
}

function rangeOf(lines: Drawn['lines']): { min: number; max: number } {
  const infos = lines.map(({ pen }) => pen.info);
  const declared = infos.every(({ min, max }) => min !== undefined && max !== undefined);
  if (declared && !fit.value) {
    return {
      min: Math.min(...infos.map(({ min = 0 }) => min)),
      max: Math.max(...infos.map(({ max = 0 }) => max)),
    };
  }
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { columns } of lines) {
    for (const value of columns.min) if (value !== null && value < min) min = value;
    for (const value of columns.max) if (value !== null && value > max) max = value;
  }
  return max >= min ? { min, max } : { min: 0, max: 1 };
}

function optionsOf(
  drawn: { readonly current: Drawn },
  pens: readonly Numbered[],
  height: number,
): uPlot.Options {
  const { inks, left, right } = drawn.current;
  const font = `${0.8 * inks.rem}px ${inks.font}`;
  const steps = uPlot.paths.stepped?.({ align: 1 });
  const unit = formatUnit(pens[0]?.pen.info.unit);
  return {
    width: widthOf(drawn.current),
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [0.4 * inks.rem, right, 0.4 * inks.rem, 0],
    scales: {
      x: { time: false, range: () => [drawn.current.window.from, drawn.current.window.to] },
      y: { range: () => [...drawn.current.scale] },
    },
    axes: [
      {
        size: 0,
        splits: () => [...drawn.current.ticks.times],
        values: () => [],
        ticks: { show: false },
        grid: { stroke: inks.line, width: 1, dash: [2, 4] },
      },
      {
        size: left - (unit === '' ? 0 : 1.1 * inks.rem),
        font,
        stroke: inks.text,
        values: (_, splits) => splits.map((value) => formatNumber(value, 0, 4)),
        space: 2 * inks.rem,
        ticks: { size: 4, stroke: inks.line, width: 1 },
        grid: { stroke: inks.line, width: 1, dash: [2, 4] },
        ...(unit === '' ? {} : { label: unit, labelSize: 1.1 * inks.rem, labelFont: font }),
      },
    ],
    series: [
      {},
      ...pens.map(({ number }) => ({
        ...(steps === undefined ? {} : { paths: steps }),
        points: { show: false },
        stroke: inks.text,
        width: 2,
        dash: [...(dashes[number - 1] ?? [])],
      })),
    ],
    hooks: {
      drawClear: [(made) => paintGaps(made, drawn.current)],
      drawAxes: [(made) => paintSpans(made, drawn.current)],
      draw: [(made) => paintNumbers(made, drawn.current)],
    },
  };
}

function paintGaps(made: uPlot, drawn: Drawn): void {
  const { ctx, bbox } = made;
  ctx.fillStyle = drawn.inks.raised;
  ctx.fillRect(bbox.left, bbox.top, bbox.width, bbox.height);
  const several = drawn.lines.length > 1;
  // Of several lines each has a row of its own, at the top, where few values are.
  const tall = several ? 1.1 * drawn.inks.rem * devicePixelRatio : bbox.height;
  for (const [index, { gaps, number }] of drawn.lines.entries()) {
    for (const { from, to } of gaps) {
      const left = made.valToPos(from, 'x', true);
      const width = Math.max(3 * devicePixelRatio, made.valToPos(to, 'x', true) - left);
      const box = { left, top: bbox.top + index * tall, width, height: tall };
      const word = t('trends.gap');
      hatch(ctx, box, drawn.inks, ...(several ? [`${number} ${word}`, `${number}`] : [word]));
    }
  }
}

/** From the least to the greatest of each column, where they differ. Boxes: clipping by a path would cost far more. */
function paintSpans(made: uPlot, { lines, scale, inks }: Drawn): void {
  const { ctx, bbox } = made;
  const [low, high] = scale;
  const tall = bbox.height / (high - low);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = `${inks.text}38`;
  for (const { columns } of lines) {
    const wide = bbox.width / columns.last.length;
    ctx.beginPath();
    for (const [index, max] of columns.max.entries()) {
      const min = columns.min[index] ?? null;
      if (max === null || min === null || max === min) continue;
      const left = Math.round(bbox.left + index * wide);
      const right = Math.round(bbox.left + (index + 1) * wide);
      ctx.rect(left, bbox.top + (high - max) * tall, right - left, (max - min) * tall);
    }
    ctx.fill();
  }
  ctx.restore();
}

function paintNumbers(made: uPlot, drawn: Drawn): void {
  const { ctx, bbox } = made;
  const ends = drawn.lines.flatMap(({ number, columns }) => {
    const last = columns.last.findLast((value) => value !== null);
    return last == null ? [] : [{ number, y: made.valToPos(last, 'y', true) }];
  });
  paintEnds(ctx, ends, { ...bbox, left: bbox.left + bbox.width }, drawn.inks);
}
