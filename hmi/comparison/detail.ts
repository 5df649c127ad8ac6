// What one difference was: what was taken on both sides, and the terms that decided it, side by side.
import type {
  BothTerms,
  ComparisonReport,
  Moment,
  RegionDifference,
  ValueDifference,
} from '#contract/comparison.ts';
import type { Text } from '#contract/described.ts';
import { termLines } from '#flows/replay/both-terms.ts';
import type { TermLine } from '#flows/replay/both-terms.ts';
import { button, html } from './element.ts';
import { timeText } from './view.ts';

export function detailOf(moment: Moment | undefined, place: string): HTMLElement {
  if (moment === undefined)
    return html('section', { class: 'detail' }, [html('p', {}, ['Nothing differs.'])]);
  const { time, scan, boot, seq, transitions, values } = moment;
  const entry = seq === undefined ? 'no entry of its own' : `entry ${seq}`;
  return html('section', { class: 'detail', 'aria-live': 'polite' }, [
    html('h2', {}, [`${timeText(time)} UTC`]),
    html('p', { class: 'place' }, [`${place}; scan ${scan} of boot ${boot}, ${entry}`]),
    ...transitions.map((one) => regionOf(one)),
    ...(values.length === 0 ? [] : [valuesOf(values)]),
  ]);
}

function regionOf(one: RegionDifference): HTMLElement {
  return html('article', {}, [
    html('h3', {}, [`${one.flow}, region ${one.region}, in ${one.state}`]),
    html('dl', {}, [
      html('dt', {}, ['recorded']),
      html('dd', {}, takenOf(one.recorded, one.after.recorded)),
      html('dt', { class: 'candidate' }, ['candidate']),
      html('dd', {}, takenOf(one.candidate, one.after.candidate)),
    ]),
    ...(one.terms === undefined
      ? [
          html('p', { class: 'quiet' }, [
            'Its terms were not kept: the first of its group has them.',
          ]),
        ]
      : one.terms.map((both) => termsOf(both))),
  ]);
}

function takenOf(taken: RegionDifference['recorded'], after: string): (Node | string)[] {
  if (taken === null) return ['stays in ', html('code', {}, [after])];
  const why = taken.why === undefined ? '' : ` — ${plain(taken.why)}`;
  return [html('b', {}, [taken.transition]), ' to ', html('code', {}, [after]), why];
}

const plain = (text: Text): string =>
  typeof text === 'string' ? text : (text['en'] ?? Object.values(text)[0] ?? '');

function termsOf(both: BothTerms): HTMLElement {
  const heads = ['recorded', 'candidate', `terms of ${both.transition}`];
  const cells = heads.map((text) => html('th', { scope: 'col' }, [text]));
  return html('table', { class: 'terms' }, [
    html('thead', {}, [html('tr', {}, cells)]),
    html(
      'tbody',
      {},
      termLines(both).map((line) => rowOf(line)),
    ),
  ]);
}

function rowOf({ text, depth, recorded, candidate }: TermLine): HTMLElement {
  return html('tr', recorded === candidate ? {} : { class: 'differs' }, [
    ...[recorded, candidate].map((truth) =>
      html('td', { class: `truth ${truth ?? 'none'}` }, [truth === undefined ? '—' : signs[truth]]),
    ),
    html('td', { class: `text deep${Math.min(depth, 8)}` }, [html('code', {}, [text])]),
  ]);
}

/** A sign and a word: never a colour alone. */
const signs = { true: '✓ true', false: '✗ false', unknown: '? unknown' } as const;

function valuesOf(values: readonly ValueDifference[]): HTMLElement {
  const rows = values.map(({ kind, name, recorded, candidate }) =>
    html(
      'tr',
      {},
      [kind, name, recorded, candidate].map((text) => html('td', {}, [text])),
    ),
  );
  const heads = ['what', 'where', 'recorded', 'candidate'];
  return html('article', {}, [
    html('h3', {}, ['Also otherwise from this scan on']),
    html('div', { class: 'wide' }, [
      html('table', {}, [
        html('thead', {}, [
          html(
            'tr',
            {},
            heads.map((text) => html('th', { scope: 'col' }, [text])),
          ),
        ]),
        html('tbody', {}, rows),
      ]),
    ]),
  ]);
}

/** All differences, grouped; each leads to its first. */
export function groupsOf(report: ComparisonReport, select: (moment: number) => void): HTMLElement {
  const heads = ['count', 'what', 'where', 'recorded', 'candidate', 'stood', 'first', 'last'];
  const rows = report.groups.map((group) => {
    const moment = report.moments.findIndex(({ scan, boot }) => {
      return scan === group.first.scan && boot === group.first.boot;
    });
    const first = timeText(group.first.time);
    const where = group.kind === 'transition' ? `${group.flow} ${group.name}` : group.name;
    const leads = moment === -1 ? first : button(first, `Show ${first}`, () => select(moment));
    const stood = `${(group.standing_ms / 1000).toFixed(1)} s`;
    const cells = [String(group.count), group.kind, where, group.recorded, group.candidate, stood];
    return html('tr', {}, [
      ...cells.map((text) => html('td', {}, [text])),
      html('td', {}, [leads]),
      html('td', {}, [timeText(group.last.time)]),
    ]);
  });
  return html('section', { class: 'groups' }, [
    html('h2', {}, ['All differences, grouped']),
    html('div', { class: 'wide' }, [
      html('table', {}, [
        html('thead', {}, [
          html(
            'tr',
            {},
            heads.map((text) => html('th', { scope: 'col' }, [text])),
          ),
        ]),
        html('tbody', {}, rows),
      ]),
    ]),
  ]);
}
