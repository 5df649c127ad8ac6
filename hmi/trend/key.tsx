// The lines of a trend as a table: number and dashes of each, its value at the moment that is read, its quality, and
// since when. It is the key of the picture, and says the same without one.
import type { JSX } from 'preact';
import { textOf, t } from '#hmi/i18n/text.ts';
import { cellTime, live, store } from '#hmi/feed/cell.ts';
import { csvAt } from '#hmi/feed/history.ts';
import { formatMoment, formatUnit } from '#hmi/parts/format.ts';
import { QualitySign } from '#hmi/parts/mark.tsx';
import { Value } from '#hmi/parts/value.tsx';
import { Table } from '#hmi/parts/table.tsx';
import { wordOf } from './lane.tsx';
import { dashes } from './paint.ts';
import { drawnWindow, knownTo } from './edge.ts';
import { chosen, isPen, moment, pens, toggle, view } from './pens.ts';
import type { Pen } from './pens.ts';
import { pointAt } from './points.ts';

/** Titles of tags, also of those that are not logged. */
export function titleOf(name: string): string {
  const pen = pens.value[name];
  const title = isPen(pen) ? pen.info.title : store.info(name)?.title;
  return title === undefined ? name : textOf(title);
}

export function Key(): JSX.Element {
  return (
    <Table class="key" columns={['trends.line', 'trends.signal', 'signals.value', 'trends.away']}>
      {chosen.value.map((name, index) => (
        <tr key={name}>
          <td>
            <Sample number={index + 1} words={isOfWords(name)} />
          </td>
          <th scope="row">
            {titleOf(name)}
            {titleOf(name) !== name && <small>{name}</small>}
          </th>
          <td>
            <AtMoment name={name} />
          </td>
          <td>
            <a
              class="plain"
              download=""
              href={csvAt(name, drawnWindow.value)}
              aria-label={t('trends.saveCsv', { name: titleOf(name) })}
            >
              {t('trends.csv')}
            </a>
            <button
              type="button"
              class="plain"
              aria-label={t('trends.remove', { name: titleOf(name) })}
              onClick={() => toggle(name)}
            >
              ×
            </button>
          </td>
        </tr>
      ))}
    </Table>
  );
}

const isOfWords = (name: string): boolean => {
  const pen = pens.value[name];
  return isPen(pen) && (pen.info.type === 'bool' || pen.info.type === 'enum');
};

/** The number of a line and how it is dashed. */
const Sample = ({ number, words }: { number: number; words: boolean }): JSX.Element => (
  <span class="sample">
    <b>{number}</b>
    <svg viewBox="0 0 56 12" aria-hidden="true">
      {words ? (
        <path class="box" d="M2 11V2H30V11H54" />
      ) : (
        <path d="M0 6H56" stroke-dasharray={(dashes[number - 1] ?? []).join(' ')} />
      )}
    </svg>
  </span>
);

/** Value, quality and time at the moment; the newest as the cell says it. */
function AtMoment({ name }: { name: string }): JSX.Element {
  const pen = pens.value[name];
  if (pen === undefined) return <span class="value">{t('trends.loading')}</span>;
  if (!isPen(pen)) {
    return (
      <em class="problem">
        {t('trends.failed')} <code>{pen.code}</code>
      </em>
    );
  }
  const newest = moment.value === undefined && view.value.end === undefined;
  const state = store.tag(name).value;
  if (newest && state !== undefined) return <Value state={state} info={store.info(name)} brief />;
  return <Past pen={pen} at={moment.value ?? view.value.end ?? cellTime.value} newest={newest} />;
}

function Past(props: { pen: Pen; at: number; newest: boolean }): JSX.Element {
  const { pen, at, newest } = props;
  const { points, tier } = pen.series;
  const unknown = at < pen.known.from || at > knownTo(pen.known) || (newest && !live.value);
  const point = unknown ? undefined : pointAt(points, at);
  if (point === undefined || point[1] === null) {
    return (
      <span class="value bad">
        <QualitySign look="bad" />
        <b>{t('value.none')}</b>
        <em>{t(point === undefined ? 'trends.unknown' : 'trends.gap')}</em>
        {point !== undefined && <small>{t('trends.since', { at: formatMoment(point[0]) })}</small>}
      </span>
    );
  }
  const [since, low, high, last] = point;
  const range = low === high ? '' : `${wordOf(low, pen.info)} – ${wordOf(high, pen.info)}`;
  return (
    <span class="value good">
      <b>{wordOf(last, pen.info)}</b>
      {pen.info.unit !== undefined && <i>{formatUnit(pen.info.unit)}</i>}
      <small>
        {range !== '' && pen.info.type !== 'bool' && pen.info.type !== 'enum' && `${range}, `}
        {t('trends.good')}, {t('trends.since', { at: formatMoment(since) })}
        {tier !== 'raw' && `, ${t(`tier.${tier}`)}`}
      </small>
    </span>
  );
}
