// A log that whoever knocks without end cannot fill: what is too much is counted, and the count is said.
import type { Clock } from '#contract/time.ts';
import { Refusals } from './refusals.ts';

const pace = { rate: 2, burst: 50 };

type Log<Event> = (level: 'info' | 'warn', text: string, event?: Event) => void;

/**
 * The same log, paced, but for events that strangers cannot cause: those are `sure` to be told. `counted`: what the record
 * has of lines that were left out.
 */
export function pacedLog<Event>(
  clock: Clock,
  log: Log<Event>,
  sure: (event: Event) => boolean = () => false,
  counted: (left: number) => Event | undefined = () => undefined,
): Log<Event> {
  const room = new Refusals(
    clock,
    (left) => log('warn', `${left} lines were left out`, counted(left)),
    pace,
  );
  return (level, text, event) => {
    if ((event !== undefined && sure(event)) || room.take()) log(level, text, event);
  };
}
