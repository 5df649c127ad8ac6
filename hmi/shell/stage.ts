// How far a shell's session is, in the few steps that a page tells apart. Pure.
import type { SessionView } from '#contract/shell.ts';

type Staged = Pick<SessionView, 'state'>;
const over = new Set<SessionView['state']>(['Ended', 'Killed', 'Denied', 'Expired']);

export const isOpen = ({ state }: Staged): boolean => !over.has(state);
/** Somebody types, or may at any moment. */
export const isAtWork = ({ state }: Staged): boolean =>
  state === 'Waiting' || state === 'Running' || state === 'Paused' || state === 'Ending';
