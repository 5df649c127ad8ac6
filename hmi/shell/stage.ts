// How far a shell's session is, what has to happen next and by whom, and who may take which seat in it. Pure: it knows what
// station told and decides nothing.
import type { Me } from '#contract/people-routes.ts';
import type { Part, SessionView } from '#contract/shell.ts';
import type { Key } from '#hmi/i18n/text.ts';

type Staged = Pick<SessionView, 'state'>;
const over = new Set<SessionView['state']>(['Ended', 'Killed', 'Denied', 'Expired']);

export const isOpen = ({ state }: Staged): boolean => !over.has(state);
/** Somebody types, or may at any moment. */
export const isAtWork = ({ state }: Staged): boolean =>
  state === 'Waiting' || state === 'Running' || state === 'Paused' || state === 'Ending';

/** Who has the keyboard. */
export const driverOf = ({ by, driver }: Pick<SessionView, 'by' | 'driver'>): SessionView['by'] =>
  driver ?? by;

type Present = Pick<Me, 'actor' | 'permissions'>;

/** The seats that whoever is here can ask for, the one meant for them first. */
export function seatsOf(session: SessionView, here: Present | undefined): readonly Part[] {
  const actor = here?.actor;
  if (here === undefined || actor == null || !(isAtWork(session) || session.state === 'Approved'))
    return [];
  const may = (right: Me['permissions'][number]): boolean => here.permissions.includes(right);
  const { by, owner, state, command } = session;
  const drives = driverOf(session) === actor;
  if (drives && command === undefined) return state === 'Approved' ? [] : ['driver'];
  const parts: Part[] = [];
  if (may('shell.approve') && by !== actor && owner !== actor) parts.push('supervisor');
  // Of one command nobody has the keyboard, and nobody can take it over.
  if (may('shell.open') && command === undefined) parts.push('peer');
  if (may('shell.open') || may('shell.approve') || may('shell.observe')) parts.push('observer');
  return parts;
}

/** Whether whoever is here may end it. */
export function mayEnd(session: SessionView, here: Present | undefined): boolean {
  const actor = here?.actor;
  if (here === undefined || actor == null) return false;
  const own = [session.by, session.owner, driverOf(session)].includes(actor);
  const { permissions } = here;
  return own || permissions.includes('shell.observe') || permissions.includes('shell.approve');
}

/** What has to happen before it goes on; undefined where it goes on by itself. `watched`: its tier asks for a supervisor. */
export function nextOf(session: SessionView, own: boolean, watched: boolean): Key | undefined {
  const { state, present, lacks, why = '', participants } = session;
  const unwatched = watched && !present;
  const manned = participants.some(({ part, live }) => part === 'driver' && live);
  switch (state) {
    case 'Requested':
      return 'next.approve';
    case 'Approved':
      return own ? 'next.begin' : 'next.begins';
    case 'Waiting':
      if (lacks.length > 0) return 'next.machine';
      if (unwatched) return 'next.watch';
      return manned ? undefined : own ? 'next.open' : 'next.opens';
    case 'Running':
      return undefined;
    case 'Paused':
      if (lacks.length > 0) return 'next.machineResume';
      if (unwatched) return 'next.watchResume';
      if (why.startsWith('it cannot be recorded')) return 'next.record';
      return watched || why.startsWith('paused') ? 'next.supervisor' : 'next.resume';
    case 'Ending':
      return 'next.ending';
    case 'Ended':
    case 'Killed':
    case 'Denied':
    case 'Expired':
      return own ? 'next.again' : undefined;
  }
}
