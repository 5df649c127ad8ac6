// The regions of a flow side by side: state and time in it. One of them is picked: `Now` shows what it waits for.
import type { JSX } from 'preact';
import type { FlowInfo } from '#contract/described.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { stateTitles } from '#hmi/feed/derive.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatSpan } from './format.ts';

export function Regions(props: {
  readonly flow: FlowInfo;
  readonly picked: string;
  readonly pick: (region: string) => void;
}): JSX.Element {
  const { flow, picked, pick } = props;
  const regions = store.flows.value?.[flow.name]?.regions ?? {};
  return (
    <section class="panel regions" aria-label={t('regions.title')}>
      <ul>
        {flow.regions.map(({ name }) => {
          const place = regions[name];
          return (
            <li key={name}>
              <button
                type="button"
                aria-pressed={name === picked}
                title={t('regions.pick', { region: name })}
                onClick={() => pick(name)}
              >
                <small>{name}</small>
                <b>{place === undefined ? '' : stateTitles(flow, place.state).at(-1)}</b>
                <span class="since">
                  {place === undefined ? '' : formatSpan(cellTime.value - place.sinceTime)}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
