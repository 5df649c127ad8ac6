// A log that whoever knocks without end cannot fill: what is too much is counted, and said once.
import type { Clock } from '#contract/time.ts';
import { Bucket } from './bucket.ts';

const pace = { rate: 2, burst: 50 };

type Log<Event> = (level: 'info' | 'warn', text: string, event?: Event) => void;

/** The same log, paced, but for events that strangers cannot cause: those are `sure` to be told. */
export function pacedLog<Event>(
  clock: Clock,
  log: Log<Event>,
  sure: (event: Event) => boolean = () => false,
): Log<Event> {
  const room = new Bucket(clock, pace);
  let left = 0;
  return (level, text, event) => {
    if (event !== undefined && sure(event)) return log(level, text, event);
    if (!room.take()) {
      left += 1;
      return;
    }
    if (left > 0) log('warn', `${left} lines were left out`);
    left = 0;
    log(level, text, event);
  };
}
