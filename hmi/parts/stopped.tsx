// For someone who comes to a machine that stands: what stopped it, with the values of that moment,
// and the commands that lead back with what each still lacks.
import type { JSX } from 'preact';
import type { FlowInfo } from '#contract/described.ts';
import { store } from '#hmi/feed/cell.ts';
import {
  commandTitle,
  decisiveTerms,
  stateTitle,
  stateTitles,
  stepsBack,
  waysBack,
} from '#hmi/feed/derive.ts';
import type { BackStep } from '#hmi/feed/derive.ts';
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

/** The way back as numbered steps; where the cell knows none, the commands that lead on from here. */
export function ToRunAgain({ flow }: { flow: FlowInfo }): JSX.Element {
  const why = store.whys.value[flow.name]?.why;
  const back = stepsBack(why?.back ?? []);
  const ways = back.length > 0 ? [] : waysBack(flow, why);
  const stands = store.flows.value?.[flow.name]?.stepped === false;
  return (
    <section class="panel again" aria-label={t('again.title')}>
      <h2>{t('again.title')}</h2>
      {back.length + ways.length === 0 && (
        <p class="quiet">{t(stands ? 'again.resume' : 'again.none')}</p>
      )}
      <ol class="scroll" tabIndex={0}>
        {back.map(({ command, lacks, after }, index) => (
          <Step
            key={index}
            flow={flow}
            title={command === undefined ? '' : titleOf(flow, command)}
            number={index + 1}
            lacks={lacks}
            ready={index === 0}
            after={after}
          />
        ))}
        {ways.map(({ command, lacks }) => (
          <Step key={command.name} flow={flow} title={commandTitle(command)} lacks={lacks} ready />
        ))}
      </ol>
    </section>
  );
}

const titleOf = (flow: FlowInfo, name: string): string => {
  const command = flow.commands.find((candidate) => candidate.name === name);
  return command === undefined ? name : commandTitle(command);
};

/** `ready`: it can be taken now, unless it lacks something. `after`: what the flow does by itself after it. */
function Step(props: {
  flow: FlowInfo;
  title: string;
  number?: number;
  lacks: readonly string[];
  ready: boolean;
  after?: BackStep['after'];
}): JSX.Element {
  const { flow, title, number, lacks, ready, after = [] } = props;
  const held = lacks.length > 0;
  return (
    <li class={held ? 'false' : ready ? 'true' : ''}>
      {number !== undefined && <span class="number">{number}</span>}
      {title !== '' && (held || ready) && <Truth truth={held ? 'false' : 'true'} />}
      <p>
        {title !== '' && <b>{title} </b>}
        {title !== '' && held && <Lacks flow={flow} lacks={lacks} />}
        {title !== '' && !held && ready && t('again.ready')}{' '}
        {after.map((each) => (
          <small key={each.to}>
            {t('again.then', { to: stateTitle(flow, each.to) })}{' '}
            {each.lacks.length > 0 && <Lacks flow={flow} lacks={each.lacks} />}
          </small>
        ))}
      </p>
    </li>
  );
}

const Lacks = ({ flow, lacks }: { flow: FlowInfo; lacks: readonly string[] }): JSX.Element => (
  <strong>{t('again.lacks', { lacks: lacks.map((lack) => saidOf(lack, flow)).join(', ') })}</strong>
);
