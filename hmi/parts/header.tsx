// The line on top of every screen: which cell, in which state, with which flow, and who is signed in.
// All but the clock comes from the feed, and greys with it.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { FlowInfo } from '#contract/described.ts';
import type { FlowState } from '#contract/wire.ts';
import { linkProblem, store } from '#hmi/feed/cell.ts';
import { me } from '#hmi/feed/me.ts';
import { faceOf, mainRegion, outerState, partsOf, stateTitle } from '#hmi/feed/derive.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatTime, zoneName } from './format.ts';
import { later } from './later.tsx';
import { over } from './shown.ts';

export function Header(): JSX.Element {
  const hello = store.hello.value;
  const flow = faceOf(hello);
  const state = flow === undefined ? undefined : store.flows.value?.[flow.name];
  return (
    <header class="top">
      <div class="stale-scope facts">
        <h1>{hello?.title ?? t('header.waiting')}</h1>
        {hello?.simulated === true && <span class="tag simulated">{t('header.simulated')}</span>}
        {hello?.durability === 'fast' && <span class="tag fast">{t('header.fast')}</span>}
        <Forced />
        {flow !== undefined && state !== undefined && <States flow={flow} state={state} />}
        <Parts state={state} />
        <span class="push" />
        {flow !== undefined && (
          <Fact label={t('header.flow')} text={`v${flow.version} ${flow.hash.slice(0, 4)}`} />
        )}
        <Who />
      </div>
      <Clock />
    </header>
  );
}

function States({ flow, state }: { flow: FlowInfo; state: FlowState }): JSX.Element {
  const unit = state.regions[mainRegion(flow)]?.state ?? '';
  const mode = mainRegion(flow) === 'mode' ? undefined : state.regions['mode']?.state;
  return (
    <>
      <strong class="unit" aria-label={t('header.unit')} data-unit={unit}>
        {stateTitle(flow, outerState(unit))}
      </strong>
      {mode !== undefined && <Fact label={t('header.mode')} text={stateTitle(flow, mode)} />}
    </>
  );
}

/** Something is held by a person: seen on every screen. */
function Forced(): JSX.Element | null {
  const count = Object.values(store.forces.value ?? {}).filter((force) => force !== null).length;
  return count === 0 ? null : <span class="tag forced">{t('header.forced', { count })}</span>;
}

function Parts({ state }: { state: FlowState | undefined }): JSX.Element | null {
  const counted = partsOf(state);
  if (counted === undefined) return null;
  const { parts, batch } = counted;
  const text = batch === undefined ? String(parts) : t('header.partsOf', { parts, batch });
  return <Fact label={t('header.parts')} text={text} />;
}

const Fact = ({ label, text }: { label: string; text: string }): JSX.Element => (
  <span class="fact">
    <small>{label}</small>
    <b>{text}</b>
  </span>
);

/** Who is at the page; to sign in, switch or sign out. */
const Who = (): JSX.Element => (
  <button type="button" class="who" aria-haspopup="dialog" onClick={() => (over.value = Session)}>
    <Fact label={t('header.who')} text={who()} />
  </button>
);
const Session = later(() => import('#hmi/people/session.tsx').then((part) => part.Session)).Part;

function who(): string {
  if (linkProblem.value !== undefined) return t(`link.${linkProblem.value}`);
  const actor = store.link.value?.actor?.replace(/^\w+:/, '');
  return me.value?.title ?? actor ?? t('header.nobody');
}

const clock = signal(Date.now());
setInterval(() => {
  clock.value = Date.now();
}, 1000);

/** The time here; runs whatever the cell does. */
const Clock = (): JSX.Element => (
  <time class="clock" aria-label={t('header.clock')}>
    <b>{formatTime(clock.value)}</b>
    <small>{zoneName()}</small>
  </time>
);
