// The report of a soak as one page that needs nothing else: verdicts, plots over one time axis, recoveries by kind.
import type { Point } from './figures.ts';
import type { Done, Report } from './report.ts';

/** Of a plot, in its own units. */
const frame = { width: 960, height: 150, left: 60, right: 16, top: 10, bottom: 22 } as const;
const inner = frame.width - frame.left - frame.right;
/** Lines of one plot, in this order. */
const inks = ['ink-1', 'ink-2', 'ink-3', 'ink-4', 'ink-5'] as const;

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0)};`);

export function pageOf(report: Report): string {
  const { state, series } = report;
  const end = Math.max(report.seconds, 1);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${state === 'running' ? '<meta http-equiv="refresh" content="60">' : ''}
<title>Soak: ${titles[state]}</title>
<style>${style}</style>
<body>
<header class="${state}">
  <h1>Soak of ${spanText(report.seconds)}<span class="badge">${titles[state]}</span></h1>
  <p>Begun ${report.began.replace('T', ' ').slice(0, 16)} UTC, planned for ${spanText(report.planned)};
     seed ${report.seed}${report.commit === '' ? '' : `, commit ${escaped(report.commit)}`}, Node ${escaped(report.node)}.</p>
</header>
<main>
${tiles(report)}
<section><h2>Verdicts</h2>${verdicts(report)}</section>
<section><h2>Over time</h2>
${troublePlot(report, end)}
${plot('Memory of each process, MB', series.memory, end)}
${plot('Lateness of scans, 99th percentile of a minute, ms', series.lateness, end)}
${plot('Commit to disk, 99th percentile, ms', series.commit, end)}
${plot('Parts an hour, over five minutes', series.parts, end)}
${plot('Wrong values so far', series.wrong, end)}
</section>
<section><h2>Recoveries</h2>${recoveryTable(report)}</section>
${examples(report)}
</main>
</body>
</html>
`;
}

const titles = {
  running: 'running',
  good: 'nothing wrong',
  bad: 'found wrong',
  interrupted: 'ended early, nothing wrong',
} as const;

export function spanText(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

function tiles({ judged, done, recoveries }: Report): string {
  const worst = Math.max(0, ...recoveries.map(({ max }) => max));
  const missed = recoveries.reduce((sum, one) => sum + one.missed, 0);
  const all = [
    ['wrong values', `${judged.wrong}`, `of ${judged.compared.toLocaleString('en')} compared`],
    ['outputs without a cause', `${judged.causeless}`, `of ${judged.received} that arrived`],
    ['parts', `${judged.parts}`, `${judged.trips} interlock trips`],
    [
      'recoveries',
      `${done.length - missed}`,
      `of ${done.length}, the longest ${(worst / 1000).toFixed(1)} s`,
    ],
  ] as const;
  const cells = all.map(
    ([name, value, more]) =>
      `<div class="tile"><b>${value}</b><span>${name}</span><small>${more}</small></div>`,
  );
  return `<div class="tiles">${cells.join('')}</div>`;
}

function verdicts({ verdicts: list }: Report): string {
  const rows = list.map(
    ({ what, good, text }) =>
      `<li class="${good ? 'good' : 'bad'}"><b>${escaped(what)}</b><span>${escaped(text)}</span></li>`,
  );
  return `<ul class="verdicts">${rows.join('')}</ul>`;
}

const xOf = (t: number, end: number): number => frame.left + (inner * t) / end;

/** A round step so that there are four to eight of them. */
function stepOf(most: number): number {
  const rough = most / 5;
  const scale = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * scale >= rough) ?? 10) * scale;
}

function timeAxis(end: number, height: number): string {
  const unit = end > 7200 ? 3600 : end > 180 ? 60 : 1;
  const name = unit === 3600 ? 'h' : unit === 60 ? 'min' : 's';
  const step = stepOf(end / unit);
  const marks: string[] = [];
  for (let at = 0; at * unit <= end; at += step) {
    const x = xOf(at * unit, end).toFixed(1);
    marks.push(
      `<line class="grid" x1="${x}" x2="${x}" y1="${frame.top}" y2="${height - frame.bottom}"/>`,
      `<text class="axis" text-anchor="middle" x="${x}" y="${height - 6}">${trimmed(at)}${at === 0 ? '' : ` ${name}`}</text>`,
    );
  }
  return marks.join('');
}

const trimmed = (value: number): string => String(Number(value.toPrecision(4)));

function plot(
  title: string,
  lines: Readonly<Record<string, readonly Point[]>>,
  end: number,
): string {
  const names = Object.keys(lines);
  const most =
    Math.max(1, ...names.flatMap((name) => (lines[name] ?? []).map(({ v }) => v))) * 1.08;
  const { height, top, bottom, left, width, right } = frame;
  const yOf = (v: number): number => top + (height - top - bottom) * (1 - v / most);
  const step = stepOf(most);
  const marks: string[] = [];
  for (let at = 0; at <= most; at += step) {
    const y = yOf(at).toFixed(1);
    marks.push(
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/>`,
      `<text class="axis" text-anchor="end" x="${left - 6}" y="${Number(y) + 4}">${trimmed(at)}</text>`,
    );
  }
  const drawn = names.map((name, index) => {
    const points = (lines[name] ?? []).map(
      ({ t, v }) => `${xOf(t, end).toFixed(1)},${yOf(v).toFixed(1)}`,
    );
    return `<polyline class="line ${inks[index] ?? ''}" points="${points.join(' ')}"><title>${escaped(name)}</title></polyline>`;
  });
  const legend = names.map(
    (name, index) =>
      `<span class="key ${inks[index] ?? ''}">${escaped(name)}${lastOf(lines[name])}</span>`,
  );
  return figure(
    title,
    legend.join(''),
    `${timeAxis(end, height)}${marks.join('')}${drawn.join('')}`,
    height,
  );
}

const lastOf = (points: readonly Point[] = []): string => {
  const last = points.at(-1);
  return last === undefined ? '' : ` <i>${trimmed(Number(last.v.toFixed(1)))}</i>`;
};

function figure(title: string, legend: string, body: string, height: number): string {
  return `<figure><figcaption><b>${escaped(title)}</b>${legend}</figcaption>
<svg viewBox="0 0 ${frame.width} ${height}" role="img" aria-label="${escaped(title)}">${body}</svg></figure>`;
}

const targets = [
  'io',
  'plc',
  'gauge',
  'scanner',
  'plant',
  'control',
  'station',
  'broker',
  'pages',
  'power',
  'back',
];
const rowHeight = 17;

/** A row for each thing that was done something to: while it lasted, and until it was back. */
function troublePlot({ done }: Report, end: number): string {
  const used = targets.filter((target) => done.some((one) => targetOf(one) === target));
  const height = frame.top + frame.bottom + Math.max(1, used.length) * rowHeight;
  const rows = used.map((target, row) => {
    const y = frame.top + row * rowHeight;
    const bars = done.filter((one) => targetOf(one) === target).map((one) => barsOf(one, y, end));
    const label = target === 'back' ? 'work' : target;
    return `<text class="axis" text-anchor="end" x="${frame.left - 6}" y="${y + 12}">${label}</text>${bars.join('')}`;
  });
  const legend =
    '<span class="key box lasts">lasts</span><span class="key box returns">comes back</span>';
  return figure('What was done', legend, `${timeAxis(end, height)}${rows.join('')}`, height);
}

const targetOf = ({ kind }: Done): string => kind.split(/[ ,]/)[0] ?? kind;

function barsOf(one: Done, y: number, end: number): string {
  const { from, to, back, kind } = one;
  const over = to + (back ?? one.limit) / 1000;
  const bar = (name: string, start: number, stop: number): string => {
    const x = xOf(Math.min(start, end), end);
    const width = Math.max(1, xOf(Math.min(stop, end), end) - x);
    return `<rect class="${name}" x="${x.toFixed(1)}" y="${y + 2}" width="${width.toFixed(1)}" height="${rowHeight - 5}"/>`;
  };
  const after = back === null ? 'not back' : `back after ${(back / 1000).toFixed(2)} s`;
  const text = `${kind} at ${spanText(from)}, ${after}`;
  const first = to > from ? bar('lasts', from, to) : '';
  return `<g><title>${escaped(text)}</title>${first}${bar(back === null ? 'missing' : 'returns', to, over)}</g>`;
}

function recoveryTable({ recoveries }: Report): string {
  const most = Math.max(1, ...recoveries.map(({ max }) => max));
  const share = (ms: number): string =>
    ((100 * Math.log10(1 + ms)) / Math.log10(1 + most)).toFixed(1);
  const rows = recoveries.map(
    ({ kind, count, p50, p95, max, limit, missed }) => `<tr class="${missed > 0 ? 'bad' : ''}">
<th>${escaped(kind)}</th><td>${count}</td><td>${seconds(p50)}</td><td>${seconds(p95)}</td><td>${seconds(max)}</td><td>${seconds(limit)}</td><td>${missed}</td>
<td class="bars"><i style="left:0;width:${share(max)}%"></i><u style="left:${share(p50)}%"></u></td></tr>`,
  );
  return `<table><thead><tr><th>what</th><td>times</td><td>median, s</td><td>95 %, s</td><td>longest, s</td><td>bound, s</td><td>beyond</td><td>to the longest; mark: median</td></tr></thead>
<tbody>${rows.join('')}</tbody></table>`;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(ms < 10_000 ? 2 : 0);

function examples({ judged }: Report): string {
  if (judged.examples.length === 0) return '';
  const items = judged.examples.map((text) => `<li>${escaped(text)}</li>`);
  return `<section><h2>Found</h2><ul>${items.join('')}</ul></section>`;
}

const style = `
:root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --text: #1c2330; --dim: #626c7c; --rule: #dfe3ea;
  --good: #1a7f4b; --bad: #c22f2f; --c1: #2563c9; --c2: #c26a10; --c3: #1a8f7a; --c4: #8b45b8; --c5: #7a828f; }
@media (prefers-color-scheme: dark) { :root { --back: #14181f; --card: #1c222c; --text: #e6e9ef; --dim: #9aa4b4; --rule: #313a48;
  --good: #4cc38a; --bad: #ff7b72; --c1: #6ea8fe; --c2: #f0a35e; --c3: #5bd1b9; --c4: #c79bf2; --c5: #aab2bf; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.45 system-ui, sans-serif; }
header, main { max-width: 1040px; margin: 0 auto; padding: 20px 24px 0; }
main { padding-bottom: 48px; }
h1 { font-size: 26px; margin: 0 0 4px; display: flex; gap: 14px; align-items: center; flex-wrap: wrap; }
h2 { font-size: 17px; margin: 28px 0 10px; }
header p { margin: 0; color: var(--dim); }
.badge { font-size: 13px; font-weight: 600; padding: 3px 10px; border-radius: 12px; color: var(--card); background: var(--c1); }
.good .badge, .interrupted .badge { background: var(--good); }
.bad .badge { background: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin-top: 18px; }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 16px; display: grid; }
.tile b { font-size: 28px; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile small { color: var(--dim); }
.verdicts { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; }
.verdicts li { display: grid; grid-template-columns: 22px minmax(200px, 300px) 1fr; gap: 8px; padding: 8px 14px; border-top: 1px solid var(--rule); }
.verdicts li:first-child { border-top: 0; }
.verdicts li::before { content: '\\2713'; color: var(--good); font-weight: 700; }
.verdicts li.bad::before { content: '\\2717'; color: var(--bad); }
.verdicts b { font-weight: 500; }
.verdicts span { color: var(--dim); }
figure { margin: 0 0 12px; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 10px 12px 4px; }
figcaption { display: flex; gap: 14px; flex-wrap: wrap; font-size: 13px; padding: 0 4px 4px; }
figcaption b { font-weight: 600; margin-right: auto; }
.key { color: var(--ink); }
.key i { font-style: normal; font-variant-numeric: tabular-nums; font-weight: 600; }
.key::before { content: ''; display: inline-block; width: 14px; height: 3px; margin-right: 5px; vertical-align: 4px; background: var(--ink); }
.key.box::before { height: 10px; vertical-align: -1px; }
svg { display: block; width: 100%; height: auto; }
.grid { stroke: var(--rule); stroke-width: 1; }
.axis { fill: var(--dim); font-size: 11px; font-variant-numeric: tabular-nums; }
.line { fill: none; stroke: var(--ink); stroke-width: 1.5; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.ink-1 { --ink: var(--c1); } .ink-2 { --ink: var(--c2); } .ink-3 { --ink: var(--c3); } .ink-4 { --ink: var(--c4); } .ink-5 { --ink: var(--c5); }
.lasts { --ink: var(--c2); fill: var(--c2); } .returns { --ink: var(--c1); fill: var(--c1); } .missing { fill: var(--bad); }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--rule); font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 4px 10px; text-align: right; border-top: 1px solid var(--rule); }
th { text-align: left; font-weight: 500; white-space: nowrap; }
thead td, thead th { color: var(--dim); border-top: 0; font-size: 13px; }
tr.bad th, tr.bad td { color: var(--bad); }
.bars { position: relative; width: 22%; min-width: 120px; }
.bars i, .bars u { position: absolute; top: 9px; height: 9px; }
.bars i { background: var(--c1); opacity: .35; }
.bars u { width: 3px; background: var(--c1); }
@media (max-width: 640px) { .verdicts li { grid-template-columns: 22px 1fr; } .verdicts span { grid-column: 2; } section { overflow-x: auto; } }
`;
