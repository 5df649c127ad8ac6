// Requests that are no requests: no JSON, not their schema, of another type, too long, to where there is no route, on one
// connection too many. What of their refusals is recorded: a person's mistakes one by one, and of a flood a count.
import type { IncomingMessage } from 'node:http';
import type { Actor } from '#contract/actor.ts';
import { printable } from '#contract/diagnostic.ts';
import type { Code } from '#contract/error.ts';
import type { Clock } from '#contract/time.ts';
import { Refusals } from '#controller/refusals.ts';
import { panelActor } from './acts.ts';
import type { StationLog } from './live.ts';
import type { Crowded } from './places.ts';
import { refusedEvent } from './records.ts';

/** Seldom, but for the first: whoever tries forms one after another fills no record. */
const pace = { rate: 0.2, burst: 20 };
/** Characters of an address that are recorded. */
const pathLimit = 120;

/** They say nothing of who may: an agent that makes such mistakes is not locked out for them. */
export const malformedCodes: ReadonlySet<string | undefined> = new Set<Code>([
  'E_DOOR_FRAME',
  'E_DOOR_SIZE',
  'E_DOOR_TYPE',
  'E_DOOR_ROUTE',
]);

type Request = Pick<IncomingMessage, 'method' | 'url' | 'socket'>;

/** One for each port. */
export class Malformed {
  readonly #log: StationLog;
  readonly #refusals: Refusals;

  constructor(clock: Clock, log: StationLog) {
    this.#log = log;
    const tell = (left: number): void => {
      const text = `${left} malformed requests are not recorded one by one`;
      log('warn', text, refusedEvent('system', 'E_DOOR_FLOOD', text));
    };
    this.#refusals = new Refusals(clock, tell, pace);
  }

  /** `actor` is asked for only when it is recorded. */
  take(code: Code, { method = '', url = '', socket }: Request, actor: () => Actor): void {
    if (!malformedCodes.has(code) || !this.#refusals.take()) return;
    const [path = ''] = url.split('?');
    const what = `${method} ${printable(path.slice(0, pathLimit))}`.trim();
    const text = `refused ${code}: ${what} from ${socket.remoteAddress ?? 'nobody'}`;
    this.#log('warn', text, refusedEvent(actor(), code, text));
  }

  /** What is no HTTP at all; `error` is what the parser says. */
  takeRaw(error: unknown, socket: Request['socket']): void {
    const { code } = error as { code?: unknown };
    // A connection that was given up, or said nothing in time, asked for nothing.
    if (typeof code === 'string' && code.startsWith('HPE_'))
      this.take('E_DOOR_FRAME', { socket }, () => panelActor);
  }

  /** A connection that had no place. */
  full({ address, open }: Crowded): void {
    if (!this.#refusals.take()) return;
    const text = `refused E_DOOR_FULL: a connection of ${address}, which has ${open}`;
    this.#log('warn', text, refusedEvent(panelActor, 'E_DOOR_FULL', text));
  }

  close(): void {
    this.#refusals.close();
  }
}
