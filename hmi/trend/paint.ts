// What is painted on the canvases of a trend: hatches where nothing is known, stretches of a lane with their words,
// numbers at the ends of lines. In device pixels; colours are those of tokens.css.
import type { Window } from '#hmi/feed/history.ts';

export interface Inks {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly panel: string;
  readonly raised: string;
  readonly active: string;
  readonly band: string;
  readonly font: string;
  /** Of the page's letters, in CSS pixels. */
  readonly rem: number;
}

/** The tokens as they are now: they grow with the screen. */
export function readInks(): Inks {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: of('text'),
    muted: of('muted'),
    line: of('line'),
    panel: of('panel'),
    raised: of('raised'),
    active: of('active'),
    band: of('band'),
    font: style.fontFamily,
    rem: Number.parseFloat(style.fontSize),
  };
}

/** How lines are told apart without colour, by their number. */
export const dashes: readonly (readonly number[])[] = [
  [],
  [9, 4],
  [2, 3],
  [14, 4, 2, 4],
  [5, 2],
  [20, 5],
  [9, 3, 2, 3, 2, 3],
  [2, 7],
];

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Stripes, with a word where there is room for it: nothing is known here. */
export function hatch(
  ctx: CanvasRenderingContext2D,
  box: Box,
  inks: Inks,
  ...words: string[]
): void {
  const { left, top, width, height } = box;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.fillStyle = inks.raised;
  ctx.fillRect(left, top, width, height);
  ctx.strokeStyle = inks.muted;
  ctx.lineWidth = scale;
  ctx.beginPath();
  const apart = 7 * scale;
  const from = Math.floor((left - height) / apart) * apart;
  for (let x = from; x < left + width; x += apart) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
  ctx.restore();
  // The longest that fits.
  words.some((word) => label(ctx, box, inks, word));
}

/** A word in the middle of a box, on a ground of its own; false where it does not fit. */
export function label(ctx: CanvasRenderingContext2D, box: Box, inks: Inks, word: string): boolean {
  const size = 0.8 * inks.rem * devicePixelRatio;
  ctx.font = `${size}px ${inks.font}`;
  const wide = ctx.measureText(word).width + size * 0.7;
  if (wide > box.width || size > box.height) return false;
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  ctx.fillStyle = inks.panel;
  ctx.fillRect(x - wide / 2, y - size * 0.65, wide, size * 1.3);
  ctx.fillStyle = inks.text;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillText(word, x, y);
  return true;
}

export type Look = 'high' | 'low' | 'gap' | 'many';
export interface Painted extends Window {
  readonly look: Look;
  readonly word: string;
}

/** A lane: boxes where it is so, a line along the ground where it is not, hatched where nobody knows. */
export function paintLane(
  canvas: HTMLCanvasElement,
  stretches: readonly Painted[],
  { from, to }: Window,
  inks: Inks,
): void {
  const ctx = canvas.getContext('2d');
  if (ctx === null) return;
  const { width, height } = canvas;
  const scale = devicePixelRatio;
  ctx.clearRect(0, 0, width, height);
  for (const stretch of stretches) {
    const left = ((stretch.from - from) / (to - from)) * width;
    const right = ((stretch.to - from) / (to - from)) * width;
    const box = {
      left,
      top: scale,
      width: Math.max(scale, right - left),
      height: height - 2 * scale,
    };
    paintStretch(ctx, box, stretch, inks);
  }
}

function paintStretch(
  ctx: CanvasRenderingContext2D,
  box: Box,
  { look, word }: Painted,
  inks: Inks,
): void {
  const { left, top, width, height } = box;
  const scale = devicePixelRatio;
  ctx.strokeStyle = inks.text;
  ctx.lineWidth = scale;
  if (look === 'gap') {
    hatch(ctx, box, inks, word);
    return;
  }
  if (look === 'low') {
    ctx.fillStyle = inks.text;
    ctx.fillRect(left, top + height - 2 * scale, width, 2 * scale);
    label(ctx, { ...box, height: height - 2 * scale }, inks, word);
    return;
  }
  ctx.fillStyle = look === 'many' ? inks.line : inks.band;
  ctx.fillRect(left, top, width, height);
  if (look === 'many') {
    // Upright lines: one change after the other.
    ctx.fillStyle = inks.text;
    for (let x = left; x < left + width; x += 3 * scale) ctx.fillRect(x, top, scale, height);
  } else if (width > 3 * scale)
    ctx.strokeRect(left + scale / 2, top + scale / 2, width - scale, height - scale);
  label(ctx, box, inks, word);
}

/** Numbers at the right end of lines, moved apart where they would lie over one another. */
export function paintEnds(
  ctx: CanvasRenderingContext2D,
  ends: readonly { readonly number: number; readonly y: number }[],
  { left, top, height }: Box,
  inks: Inks,
): void {
  const size = 0.8 * inks.rem * devicePixelRatio;
  const tall = size * 1.25;
  const placed = spread(
    ends.map(({ y }) => y),
    tall,
    top + tall / 2,
    top + height - tall / 2,
  );
  ctx.setLineDash([]);
  ctx.font = `bold ${size}px ${inks.font}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.lineWidth = devicePixelRatio;
  for (const [index, { number, y }] of ends.entries()) {
    const at = placed[index] ?? y;
    ctx.strokeStyle = inks.text;
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + size * 0.4, at);
    ctx.stroke();
    ctx.fillStyle = inks.active;
    ctx.fillRect(left + size * 0.4, at - tall / 2, size * 1.3, tall - devicePixelRatio);
    ctx.strokeRect(left + size * 0.4, at - tall / 2, size * 1.3, tall - devicePixelRatio);
    ctx.fillStyle = inks.text;
    ctx.fillText(String(number), left + size * 1.05, at);
  }
}

/** Places at least `apart` from one another, in their order, near where they were, between `low` and `high`. */
export function spread(
  places: readonly number[],
  apart: number,
  low: number,
  high: number,
): number[] {
  const order = [...places.keys()].toSorted((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  const made = [...places];
  let least = low;
  for (const index of order) {
    made[index] = Math.max(least, made[index] ?? 0);
    least = (made[index] ?? 0) + apart;
  }
  let most = high;
  for (const index of order.toReversed()) {
    made[index] = Math.min(most, made[index] ?? 0);
    most = (made[index] ?? 0) - apart;
  }
  return made;
}
