// What a region does, since when, and what it waits for: the first thing that someone who comes in cold reads.
import type { JSX } from 'preact';
import type { FlowInfo } from '#contract/described.ts';
import type { Candidate } from '#contract/wire.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import {
  besideTime,
  remainingOf,
  sortCandidates,
  sortLacks,
  stateTitle,
  stateTitles,
} from '#hmi/feed/derive.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { ResumeButton } from './act-button.tsx';
import { formatSpan } from './format.ts';
import { Condition, saidOf } from './term.tsx';
import { TimeIn } from './usual.tsx';

/** More are not taken in at a glance; the rest stand below. */
const lacksLimit = 3;

export function Now({ flow, region }: { flow: FlowInfo; region: string }): JSX.Element {
  const state = store.flows.value?.[flow.name];
  const place = state?.regions[region];
  const path = place?.state ?? region;
  const titles = stateTitles(flow, path);
  return (
    <section class="panel now" aria-label={t('now.title')}>
      <header>
        <p class="crumb">
          {[region, ...titles.slice(0, -1)].map((word, index) => (
            <span key={index}>{word}</span>
          ))}
        </p>
        <h2>{titles.at(-1) ?? region}</h2>
        {place !== undefined && <TimeIn place={place} />}
        <Lacks flow={flow} region={region} path={path} />
      </header>
      {/* Long conditions scroll, by keyboard too. */}
      <div class="scroll" tabIndex={0} role="group" aria-label={t('now.waits')}>
        {state?.stepped === false ? (
          <NotStepped flow={flow} reason={state.reason ?? ''} />
        ) : (
          <Waits flow={flow} region={region} path={path} />
        )}
      </div>
    </section>
  );
}

/** The one line that is read from afar: what has to change before the state moves on. */
function Lacks(props: { flow: FlowInfo; region: string; path: string }): JSX.Element | null {
  const { flow, region, path } = props;
  const candidates = store.whys.value[flow.name]?.why.candidates ?? [];
  const mine = candidates.filter((candidate) => candidate.region === region);
  const first = sortCandidates(mine, path).next.find(({ blocking }) => blocking.length > 0);
  if (first === undefined) return <p class="lacks" />;
  const lacks = sortLacks(first.blocking).slice(0, lacksLimit);
  const shown = lacks.map((lack) => saidOf(lack, flow));
  const more = first.blocking.length - shown.length;
  return (
    <p class="lacks">
      {t('now.waits')} <b>{shown.join(', ')}</b>
      {more > 0 && ` ${t('banner.more', { count: more })}`}
    </p>
  );
}

function NotStepped({ flow, reason }: { flow: FlowInfo; reason: string }): JSX.Element {
  return (
    <div class="standing">
      <p>
        <strong>{t('now.notStepped')}</strong> {reason}
      </p>
      <div class="choices">
        <ResumeButton flow={flow.name} />
      </div>
    </div>
  );
}

function Waits(props: { flow: FlowInfo; region: string; path: string }): JSX.Element {
  const { flow, region, path } = props;
  const explained = store.whys.value[flow.name];
  if (explained === undefined) return <p class="quiet">{t('now.none')}</p>;
  const mine = explained.why.candidates.filter((candidate) => candidate.region === region);
  const { next, deadlines, watches } = sortCandidates(mine, path);
  const at = explained.at;
  return (
    <>
      {next.map((candidate) => (
        <NextStep key={candidate.transition} flow={flow} candidate={candidate} at={at} />
      ))}
      {next.length + deadlines.length === 0 && <p class="quiet">{t('now.nothing')}</p>}
      {deadlines.map((candidate) => (
        <Deadline key={candidate.transition} flow={flow} candidate={candidate} at={at} />
      ))}
      {watches.length > 0 && (
        <details class="watches">
          <summary>{t('now.also')}</summary>
          {watches.map((candidate) => (
            <NextStep key={candidate.transition} flow={flow} candidate={candidate} at={at} />
          ))}
        </details>
      )}
    </>
  );
}

interface CandidateProps {
  readonly flow: FlowInfo;
  readonly candidate: Candidate;
  readonly at: number;
}

function NextStep({ flow, candidate, at }: CandidateProps): JSX.Element {
  const { term, transition, to, why } = candidate;
  return (
    <article class={`step ${term.truth}`}>
      <h3>
        <span class="arrow" aria-hidden="true">
          →
        </span>
        {to === undefined ? t('now.stay') : stateTitle(flow, to)}
        <span class="id">{transition}</span>
        {why !== undefined && <span class="why">{textOf(why)}</span>}
      </h3>
      <Condition term={term} flow={flow} at={at} />
    </article>
  );
}

function Deadline({ flow, candidate, at }: CandidateProps): JSX.Element {
  const { term, transition, to, why } = candidate;
  const left = Math.max(0, (remainingOf(term) ?? 0) - (cellTime.value - at));
  const beside = besideTime(term);
  return (
    <article class="deadline">
      <p>
        <span>{t('now.deadline')}</span>
        <b>{left === 0 ? t('now.due') : t('now.in', { span: formatSpan(left + 999) })}</b>
        <span class="arrow" aria-hidden="true">
          →
        </span>
        <span>{to === undefined ? t('now.stay') : stateTitle(flow, to)}</span>
        <span class="id">{transition}</span>
        {why !== undefined && <span class="why">{textOf(why)}</span>}
      </p>
      {beside.of !== undefined && beside.of.length > 0 && (
        <Condition term={beside} flow={flow} at={at} />
      )}
    </article>
  );
}
