// The stations of a flow, one for each region: state, time in it beside its usual, and what the clock alone will do.
// One of them is picked: `Now` shows what it waits for.
import type { JSX } from 'preact';
import type { FlowInfo } from '#contract/described.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { stateTitle, stateTitles } from '#hmi/feed/derive.ts';
import { timersOf } from '#hmi/feed/pace.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatSpan } from './format.ts';
import { TimeIn } from './usual.tsx';

export function Regions(props: {
  readonly flow: FlowInfo;
  readonly picked: string;
  readonly pick: (region: string) => void;
}): JSX.Element {
  const { flow, picked, pick } = props;
  const regions = store.flows.value?.[flow.name]?.regions ?? {};
  return (
    <section class="panel regions" aria-label={t('regions.title')}>
      <ul class="scroll" tabIndex={-1}>
        {flow.regions.map(({ name }) => {
          const place = regions[name];
          return (
            <li key={name}>
              <button type="button" aria-pressed={name === picked} onClick={() => pick(name)}>
                <small>{name}</small>
                <span class="where">
                  <b>{place === undefined ? '' : stateTitles(flow, place.state).at(-1)}</b>
                  <Next flow={flow} region={name} />
                </span>
                {place !== undefined && <TimeIn place={place} />}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** What the clock brings about soonest, if nothing else does first. */
function Next({ flow, region }: { flow: FlowInfo; region: string }): JSX.Element | null {
  const explained = store.whys.value[flow.name];
  if (explained === undefined) return null;
  const { why, at } = explained;
  const [soonest] = timersOf(why.candidates, region);
  if (soonest?.candidate.to === undefined) return null;
  const left = Math.max(0, soonest.left - (cellTime.value - at));
  const to = stateTitle(flow, soonest.candidate.to);
  return (
    <small class="next">
      {left === 0 ? t('timer.due', { to }) : t('timer.text', { to, span: formatSpan(left + 999) })}
    </small>
  );
}
