// The drawing: for each region the recorded states over the candidate's, and a mark for each scan in which
// a difference began. Only what can be seen is drawn; states too short to be seen are drawn together.
import type { ComparisonReport, Lane, Moment, RegionDifference } from '#contract/comparison.ts';
import { svg } from './element.ts';
import { clockText, ticksOf } from './view.ts';
import type { View } from './view.ts';

const label = 210;
const head = 46;
const row = 22;
const gap = 12;
/** Narrower than this states run together, px. */
const least = 2;
/** Room that a character of a state's name takes, px. */
const character = 6.6;

/** One stretch of one state. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Undefined: several that are too short to be seen. */
  readonly name: string | undefined;
}

export interface Drawing {
  readonly view: View;
  readonly width: number;
  readonly selected: number;
}

export class Timeline {
  readonly element = svg('svg', { class: 'timeline', tabindex: 0, role: 'application' });
  readonly #report: ComparisonReport;
  readonly #lanes: readonly Lane[];
  readonly #differences: readonly (readonly RegionDifference[])[];
  readonly #times: readonly (readonly number[])[];
  readonly #select: (moment: number) => void;

  constructor(report: ComparisonReport, select: (moment: number) => void) {
    this.#report = report;
    this.#lanes = report.lanes ?? [];
    this.#select = select;
    const of = (lane: Lane) =>
      report.moments.flatMap((moment) =>
        moment.transitions
          .filter(({ flow, region }) => flow === lane.flow && region === lane.region)
          .map((difference) => ({ difference, time: moment.time })),
      );
    const found = this.#lanes.map(of);
    this.#differences = found.map((list) => list.map(({ difference }) => difference));
    this.#times = found.map((list) => list.map(({ time }) => time));
    this.element.setAttribute(
      'aria-label',
      'Timeline. Left and right select a difference, plus and minus zoom, shift with left and right moves.',
    );
  }

  /** UTC ms of a place in the drawing. */
  timeAt(x: number, { view, width }: Pick<Drawing, 'view' | 'width'>): number {
    const share = (x - label) / Math.max(1, width - label);
    return view.from + Math.min(1, Math.max(0, share)) * (view.to - view.from);
  }

  draw(drawing: Drawing): void {
    const { width } = drawing;
    const height = head + this.#lanes.length * (2 * row + gap) + 4;
    this.element.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.element.setAttribute('height', String(height));
    const at = (time: number): number => {
      const { from, to } = drawing.view;
      return label + ((time - from) / (to - from)) * (width - label);
    };
    const scale: Scale = { at, ...drawing };
    const clip = svg('clipPath', { id: 'inside' }, [
      svg('rect', { x: label, y: 0, width: Math.max(0, width - label), height }),
    ]);
    const lanes = this.#lanes.map((lane, index) => this.#lane(lane, index, scale));
    this.element.replaceChildren(
      svg('defs', {}, [hatch(), clip]),
      ...this.#grid(scale, height),
      ...lanes,
      svg('g', { 'clip-path': 'url(#inside)' }, this.#marks(scale, height)),
    );
  }

  #grid({ at, view, width }: Scale, height: number): SVGElement[] {
    const ticks = ticksOf(view, Math.max(2, Math.floor((width - label) / 110)));
    // Its time would be cut off at the edge.
    const whole = ticks.filter((time) => at(time) < width - 40);
    return whole.map((time) =>
      svg('g', { class: 'tick' }, [
        svg('line', { x1: at(time), x2: at(time), y1: 18, y2: height }),
        svg('text', { x: at(time), y: 13, 'text-anchor': 'middle' }, [
          clockText(time, view.to - view.from),
        ]),
      ]),
    );
  }

  #lane(lane: Lane, index: number, scale: Scale): SVGElement {
    const y = head + index * (2 * row + gap);
    const recorded = stretchesOf(lane, this.#report.to, scale);
    const otherwise = this.#otherwise(index, scale);
    const clipped = svg('g', { 'clip-path': 'url(#inside)' }, [
      ...recorded.map((stretch) => box(stretch, scale, { y, kind: 'recorded' })),
      ...recorded.map((stretch) => box(stretch, scale, { y: y + row, kind: 'same' })),
      ...otherwise.map((stretch) => box(stretch, scale, { y: y + row, kind: 'otherwise' })),
    ]);
    return svg('g', {}, [
      svg('text', { class: 'name', x: 0, y: y + 15 }, [
        fitting(`${lane.flow} ${lane.region}`, label - 70),
      ]),
      svg('text', { class: 'side', x: label - 8, y: y + 15, 'text-anchor': 'end' }, ['recorded']),
      svg('text', { class: 'side', x: label - 8, y: y + row + 15, 'text-anchor': 'end' }, [
        'candidate',
      ]),
      clipped,
    ]);
  }

  /** Where the candidate would have been elsewhere, until the record decided again. */
  #otherwise(index: number, scale: Scale): Stretch[] {
    const times = this.#times[index] ?? [];
    const found: Stretch[] = [];
    for (const [place, difference] of (this.#differences[index] ?? []).entries()) {
      const from = times[place] ?? 0;
      const to = Math.min(difference.until ?? this.#report.to, times[place + 1] ?? Infinity);
      if (to < scale.view.from || from > scale.view.to) continue;
      const last = found.at(-1);
      const next = { from, to, name: difference.after.candidate };
      if (last !== undefined && scale.at(to) - scale.at(last.from) < least) {
        found[found.length - 1] = { from: last.from, to, name: undefined };
      } else found.push(next);
    }
    return found;
  }

  #marks(scale: Scale, height: number): SVGElement[] {
    const { at, view, selected } = scale;
    const marks: SVGElement[] = [];
    let last = -Infinity;
    for (const [index, moment] of this.#report.moments.entries()) {
      if (moment.time < view.from || moment.time > view.to) continue;
      const x = at(moment.time);
      const chosen = index === selected;
      // Marks on one place are one mark; the selected one is always there.
      if (!chosen && x - last < 4) continue;
      if (!chosen) last = x;
      marks.push(this.#mark(moment, index, { x, chosen, height }));
    }
    // What is selected lies on top.
    return marks.toSorted((one, two) => Number(isChosen(one)) - Number(isChosen(two)));
  }

  #mark(
    moment: Moment,
    index: number,
    { x, chosen, height }: { x: number; chosen: boolean; height: number },
  ): SVGElement {
    const first = index === 0;
    const shape = `M${x - 6} 22 h12 l-6 12 z`;
    const mark = svg('g', { class: `mark${chosen ? ' chosen' : ''}${first ? ' first' : ''}` }, [
      svg('title', {}, [`${summary(moment)}${first ? ' (the first difference)' : ''}`]),
      svg('line', { x1: x, x2: x, y1: 34, y2: height }),
      svg('path', { d: shape }),
    ]);
    mark.addEventListener('click', () => this.#select(index));
    return mark;
  }
}

interface Scale extends Drawing {
  readonly at: (time: number) => number;
}

const isChosen = (mark: SVGElement): boolean => mark.classList.contains('chosen');

/** What began in a scan, in a few words. */
export function summary({ transitions, values }: Moment): string {
  const [one] = transitions;
  if (one !== undefined) {
    const [was, is] = [one.recorded?.transition, one.candidate?.transition];
    return `${one.region}: ${was ?? 'stays'}, candidate ${is ?? 'stays'}`;
  }
  const [value] = values;
  return value === undefined
    ? ''
    : `${value.name}: ${value.recorded}, candidate ${value.candidate}`;
}

/** The recorded states that can be seen; those that cannot run together. */
function stretchesOf({ moves, states }: Lane, end: number, scale: Scale): Stretch[] {
  const { view, at } = scale;
  const found: Stretch[] = [];
  for (let index = firstSeen(moves, view.from); index < moves.length; index += 1) {
    const [from, state] = moves[index] ?? [0, -1];
    if (from > view.to) break;
    const to = moves[index + 1]?.[0] ?? end;
    const name = states[state] ?? 'not stepped';
    const last = found.at(-1);
    const short = at(to) - at(from) < least;
    if (short && last?.name === undefined && last !== undefined) {
      found[found.length - 1] = { ...last, to };
    } else found.push({ from, to, name: short ? undefined : name });
  }
  return found;
}

/** The last move at or before `time`. */
function firstSeen(moves: Lane['moves'], time: number): number {
  let low = 0;
  let high = moves.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((moves[middle]?.[0] ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

function box(
  { from, to, name }: Stretch,
  { at, width }: Scale,
  { y, kind }: { y: number; kind: 'recorded' | 'same' | 'otherwise' },
): SVGElement {
  const left = Math.max(label, at(from));
  const right = Math.min(width, at(to));
  const wide = Math.max(kind === 'otherwise' ? 3 : 0.5, right - left);
  const words = name === undefined ? '' : fitting(name, wide - 8);
  const title = name ?? 'several states, too short to be seen here';
  return svg('g', { class: `state ${kind}${name === undefined ? ' many' : ''}` }, [
    svg('title', {}, [title]),
    svg('rect', { x: left, y, width: wide, height: row - 2 }),
    ...(words === '' ? [] : [svg('text', { x: left + 4, y: y + 14, class: 'words' }, [words])]),
  ]);
}

/** The end of a path says most. */
function fitting(name: string, room: number): string {
  const most = Math.floor(room / character);
  if (name.length <= most) return name;
  const last = name.slice(name.lastIndexOf('.') + 1);
  if (last.length <= most) return last;
  return most < 4 ? '' : `${last.slice(0, most - 1)}…`;
}

/** Stripes: what would have been is told from what was by more than its colour. */
const hatch = (): SVGElement =>
  svg(
    'pattern',
    {
      id: 'hatch',
      width: 6,
      height: 6,
      patternUnits: 'userSpaceOnUse',
      patternTransform: 'rotate(45)',
    },
    [
      svg('rect', { width: 6, height: 6, class: 'ground' }),
      svg('rect', { width: 2, height: 6, class: 'stripe' }),
    ],
  );
