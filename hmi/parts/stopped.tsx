// For someone who comes to a machine that stands: what stopped it, with the values of that moment,
// and the commands that lead back with what each still lacks.
import type { JSX } from 'preact';
import type { FlowInfo } from '#contract/described.ts';
import { store } from '#hmi/feed/cell.ts';
import { commandTitle, decisiveTerms, stateTitles, waysBack } from '#hmi/feed/derive.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { formatTime } from './format.ts';
import { Truth } from './mark.tsx';
import { Leaf, saidOf } from './term.tsx';

export function StoppedBy({ flow, runs }: { flow: FlowInfo; runs: boolean }): JSX.Element {
  const stop = store.stops.value[flow.name];
  return (
    <section class="panel stopped" aria-label={t('stopped.title')}>
      <h2>{runs ? t('stopped.last') : t('stopped.title')}</h2>
      {stop === undefined ? (
        <p class="quiet">{t('stopped.none')}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label={t('stopped.title')}>
          <p class="cause">
            <time>{formatTime(stop.at)}</time>
            <span class="id">{stop.transition}</span>
            {t('stopped.from', {
              from: stateTitles(flow, stop.from).join(' › '),
              to: stateTitles(flow, stop.to).join(' › '),
            })}
            {stop.why !== undefined && <span class="why">{textOf(stop.why)}</span>}
          </p>
          <div class="parts">
            {stop.terms.flatMap(decisiveTerms).map((term, index) => (
              <Leaf key={index} term={term} flow={flow} at={stop.at} values={stop.values} />
            ))}
          </div>
        </div>
      )}
    </section>
  );
}

export function ToRunAgain({ flow }: { flow: FlowInfo }): JSX.Element {
  const ways = waysBack(flow, store.whys.value[flow.name]?.why);
  const stands = store.flows.value?.[flow.name]?.stepped === false;
  return (
    <section class="panel again" aria-label={t('again.title')}>
      <h2>{t('again.title')}</h2>
      {ways.length === 0 && <p class="quiet">{t(stands ? 'again.resume' : 'again.none')}</p>}
      <ul class="scroll" tabIndex={0}>
        {ways.map(({ command, ready, lacks }) => (
          <li key={command.name} class={ready ? 'true' : 'false'}>
            <Truth truth={ready ? 'true' : 'false'} />
            <b>{commandTitle(command)}</b>
            <span>
              {ready
                ? t('again.ready')
                : t('again.lacks', { lacks: lacks.map((lack) => saidOf(lack, flow)).join(', ') })}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
