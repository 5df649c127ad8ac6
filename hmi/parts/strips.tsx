// Lines under the banner that stay as long as what they say: forces, and shells that are open. Nothing closes them
// but the end of what they tell of.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { SessionView } from '#contract/shell.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { shells, startWork } from '#hmi/feed/work.ts';
import { driverOf, isAtWork } from '#hmi/shell/stage.ts';
import { beginWork } from '#hmi/work/begin.ts';
import { t } from '#hmi/i18n/text.ts';
import { Idle } from '#hmi/people/idle.tsx';
import { formatSpan } from './format.ts';
import { isAgent, nameOf } from './names.ts';
import { screen } from './shown.ts';
import { tab } from '#hmi/work/tab.ts';

beginWork();

/** A force says so in its last minute. */
export const soon_ms = 60_000;
/** Shells that are told with who, state and time; of more than these stands how many. */
const shownShells = 2;

export function Strips(): JSX.Element {
  useEffect(startWork, []);
  return (
    <>
      <Forces />
      <Shells />
      <Idle />
    </>
  );
}

function Forces(): JSX.Element | null {
  const forces = Object.values(store.forces.value ?? {}).filter((force) => force !== null);
  if (forces.length === 0) return null;
  const first = Math.min(...forces.map(({ until }) => until));
  const people = [...new Set(forces.map(({ actor }) => nameOf(actor)))].join(', ');
  const left = first - cellTime.value;
  return (
    <button
      type="button"
      class={`strip forces stale-scope ${left < soon_ms ? 'soon' : ''}`}
      onClick={() => {
        tab.value = 'forces';
        screen.value = 'work';
      }}
    >
      <strong>{t('strip.forced', { count: forces.length })}</strong>
      <span>{t('strip.by', { people })}</span>
      <span>{t(left < soon_ms ? 'strip.endsSoon' : 'strip.ends', { span: formatSpan(left) })}</span>
    </button>
  );
}

/** All in one line, however many: a screen has no room for a line each. */
function Shells(): JSX.Element | null {
  const open = shells.value.filter(isAtWork);
  if (open.length === 0) return null;
  const shown = open.slice(0, shownShells);
  const more = open.length - shown.length;
  return (
    <button
      type="button"
      class="strip shell stale-scope"
      onClick={() => {
        tab.value = 'shells';
        screen.value = 'work';
      }}
    >
      <strong>{t('strip.shell')}</strong>
      {shown.map((session) => (
        <Shell key={session.id} session={session} />
      ))}
      {more > 0 && <b>{t('strip.more', { count: more })}</b>}
    </button>
  );
}

function Shell({ session }: { session: SessionView }): JSX.Element {
  const { ends, state } = session;
  const who = driverOf(session);
  const left = ends === undefined ? undefined : Math.max(0, ends - cellTime.value);
  return (
    <span class={isAgent(who) ? 'agent' : ''}>
      <span class="name">{nameOf(who)}</span>
      <span>{t(`session.${state}`)}</span>
      {left !== undefined && <span>{t('strip.left', { min: Math.ceil(left / 60_000) })}</span>}
    </span>
  );
}
