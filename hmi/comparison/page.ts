// The page that `rebe replay --page` writes: a change beside the record, on a timeline. Its data stands in
// the page; it asks nobody for anything.
import type { ComparisonReport } from '#contract/comparison.ts';
import { detailOf, groupsOf } from './detail.ts';
import { button, html } from './element.ts';
import { Timeline } from './timeline.ts';
import { moved, showing, timeText, wholeOf, zoomed } from './view.ts';
import type { View } from './view.ts';
// oxlint-disable-next-line import/no-unassigned-import -- a style has nothing to assign
import './page.css';

const report = JSON.parse(
  document.querySelector('#report')?.textContent ?? '{}',
) as ComparisonReport;
const whole = wholeOf(report.from, report.to);
const count = report.moments.length;
let view = firstView();
let selected = 0;

const timeline = new Timeline(report, select);
const detail = html('div', {});
const position = html('output', {});
const main = html('main', {}, [
  header(),
  ...(report.same ? [] : [rule()]),
  html('section', { class: 'line', 'aria-label': 'Timeline' }, [
    toolbar(),
    timeline.element,
    legend(),
  ]),
  detail,
  ...(report.groups.length === 0 ? [] : [groupsOf(report, select)]),
  ...notes(),
]);
document.body.append(main);
draw();
addEventListener('resize', draw);
timeline.element.addEventListener('keydown', pressed);
timeline.element.addEventListener(
  'wheel',
  (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const width = timeline.element.clientWidth;
    zoom(event.deltaY > 0 ? 1.4 : 1 / 1.4, timeline.timeAt(event.offsetX, { view, width }));
  },
  { passive: false },
);

function draw(): void {
  timeline.draw({ view, width: Math.max(480, timeline.element.clientWidth), selected });
  const place = count === 0 ? 'no difference' : `difference ${selected + 1} of ${count}`;
  position.textContent = place;
  detail.replaceChildren(detailOf(report.moments[selected], place));
}

/** Closer to the first difference than the whole of a long record. */
function firstView(): View {
  const [first] = report.moments;
  const span = whole.to - whole.from;
  const near = 30_000;
  if (first === undefined || span <= near) return whole;
  return zoomed(whole, whole, near / span, first.time);
}

function select(moment: number): void {
  selected = Math.max(0, Math.min(count - 1, moment));
  const time = report.moments[selected]?.time;
  if (time !== undefined) view = showing(view, whole, time);
  draw();
}

function show(next: View): void {
  view = next;
  draw();
}

function zoom(factor: number, at = middle()): void {
  show(zoomed(view, whole, factor, at));
}

/** What stays where it is while zooming: the selected difference, where it is seen. */
function middle(): number {
  const time = report.moments[selected]?.time;
  if (time !== undefined && time >= view.from && time <= view.to) return time;
  return (view.from + view.to) / 2;
}

function pressed(event: KeyboardEvent): void {
  const keys: Readonly<Record<string, () => void>> = {
    ArrowRight: () => (event.shiftKey ? show(moved(view, whole, 0.3)) : select(selected + 1)),
    ArrowLeft: () => (event.shiftKey ? show(moved(view, whole, -0.3)) : select(selected - 1)),
    Home: () => select(0),
    End: () => select(count - 1),
    '+': () => zoom(0.5),
    '=': () => zoom(0.5),
    '-': () => zoom(2),
    '0': () => show(whole),
  };
  const act = keys[event.key];
  if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
}

function header(): HTMLElement {
  const verdict = report.same
    ? 'Nothing differs'
    : `${report.differences} differences in ${report.groups.length} groups`;
  const changes = [
    ...report.flows.map(({ flow, file, hash }) => `flow ${flow}: ${file} (${hash.slice(0, 12)})`),
    ...report.parameters.map(({ flow, name, value }) => `${flow}.${name} = ${String(value)}`),
  ];
  const broken = report.segments.filter((segment) => segment.broken !== undefined);
  return html('header', {}, [
    html('h1', {}, ['Replay of a change']),
    html('p', { class: 'verdict' }, [verdict]),
    html('ul', {}, [
      ...changes.map((text) => html('li', {}, [text])),
      html('li', {}, [`${report.file}, ${timeText(report.from)} to ${timeText(report.to)} UTC`]),
      html('li', {}, [`${report.scans} scans compared, ${report.recorded} of them recorded`]),
      ...broken.map(({ seq }) =>
        html('li', { class: 'warn' }, [
          `⚠ The segment of entry ${seq} could not be re-executed as recorded; it was compared up to there.`,
        ]),
      ),
    ]),
  ]);
}

/** What nobody may overlook stands first. */
function rule(): HTMLElement {
  return html('p', { class: 'rule' }, [
    html('b', {}, ['From the first difference on the plant would have reacted differently. ']),
    report.rule,
  ]);
}

function toolbar(): HTMLElement {
  return html('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Timeline' }, [
    button('◀', 'Previous difference', () => select(selected - 1)),
    position,
    button('▶', 'Next difference', () => select(selected + 1)),
    html('span', { class: 'space' }),
    button('«', 'Earlier', () => show(moved(view, whole, -0.3))),
    button('−', 'Show more time', () => zoom(2)),
    button('+', 'Show less time', () => zoom(0.5)),
    button('»', 'Later', () => show(moved(view, whole, 0.3))),
    button('Whole', 'Show the whole record', () => show(whole)),
  ]);
}

function legend(): HTMLElement {
  const items: readonly (readonly [kind: string, text: string])[] = [
    ['recorded', 'as recorded'],
    ['otherwise', 'where the candidate would have been, until the record decided again'],
    ['mark', 'a scan in which differences began'],
  ];
  return html('ul', { class: 'legend' }, [
    ...items.map(([kind, text]) =>
      html('li', {}, [html('span', { class: `sample ${kind}` }), text]),
    ),
    html('li', { class: 'quiet' }, [
      'Times are UTC. Keys: ← → difference, shift ← → move, + − zoom, 0 whole',
    ]),
  ]);
}

function notes(): HTMLElement[] {
  const { leftOut } = report;
  const left = [
    [leftOut.moments, 'scans with differences are counted above, and not on the timeline'],
    [leftOut.moves, 'changes of state are not drawn: take less time with --from and --to'],
    [leftOut.terms, 'differences are told without their terms'],
    [leftOut.groups, 'differences are of groups beyond those that are kept'],
  ] as const;
  const said = [
    ...report.notes,
    ...left.flatMap(([number, text]) => (number === 0 ? [] : [`${number} ${text}.`])),
  ];
  if (said.length === 0) return [];
  return [
    html('section', { class: 'notes' }, [
      html('h2', {}, ['What this does not say']),
      html(
        'ul',
        {},
        said.map((text) => html('li', {}, [text])),
      ),
    ]),
  ];
}
