// All sockets of shells: who is let in, whose input was counted so far, and who is sent away when they are nobody any more.
// What a session is it does not know; it hands each viewer a seat in one.
import type { WebSocket } from 'ws';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import { shellLimits, shellPace, shellPath, shellProtocol } from '#contract/shell-frames.ts';
import type { SessionId } from '#contract/shell.ts';
import { milliseconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import { panelActor } from '#controller/server/acts.ts';
import type { StationLog } from '#controller/server/live.ts';
import { refusedEvent } from '#controller/server/records.ts';
import type { Guest } from '#controller/server/routes.ts';
import type { SocketPath } from '#controller/server/socket-path.ts';
import { ShellConnection } from './connection.ts';
import { Keyboard } from './keyboard.ts';
import type { RunningSession } from './parts.ts';
import type { Ticket, Tickets } from './tickets.ts';

/** Sockets at one cell; and terminals of one session whose input is counted, the oldest is forgotten. */
export const socketLimit = 64;
const keyboardLimit = 32;

export interface ShellSocketDeps {
  readonly clock: Clock;
  readonly log: StationLog;
  readonly tickets: Tickets;
  /** A session that is not over. */
  find(id: SessionId): RunningSession | undefined;
}

export class ShellSocket implements SocketPath {
  readonly path = shellPath;
  readonly protocol = shellProtocol;
  readonly maxPayload = shellLimits.fromViewer;
  readonly #deps: ShellSocketDeps;
  readonly #connections = new Set<ShellConnection>();
  readonly #keyboards = new Map<SessionId, Map<string, Keyboard>>();
  #beat: Cancel | undefined;

  constructor(deps: ShellSocketDeps) {
    this.#deps = deps;
    this.#tick();
  }

  refusal(): Code | undefined {
    return this.#connections.size >= socketLimit ? 'E_DOOR_FULL' : undefined;
  }

  accept(socket: WebSocket, guest: Guest): void {
    const { clock, tickets } = this.#deps;
    const connection: ShellConnection = new ShellConnection(
      {
        clock,
        redeem: (secret) => tickets.redeem(secret, guest.principal),
        session: (ticket) => this.#session(ticket),
        keyboard: (session, ticket, client) => this.#keyboard(session, ticket, client),
        refused: (code, what) => this.#refused(guest, code, what),
        closed: () => void this.#connections.delete(connection),
      },
      socket,
      guest,
    );
    // Nobody's connections take no places from others, however long they leave their close unanswered.
    if (guest.principal === null) connection.end('E_NOT_SIGNED_IN', 'nobody is signed in on it');
    else this.#connections.add(connection);
  }

  /** A session or a token is another's standing now, or nobody's: null. */
  changed(credential: string, principal: Principal | null): void {
    if (principal !== null) return;
    for (const connection of this.#connections) {
      if (connection.guest.principal?.credential === credential)
        connection.end('E_NOT_SIGNED_IN', 'the session or token has ended');
    }
  }

  close(): void {
    this.#beat?.();
    for (const connection of this.#connections) connection.away();
  }

  #session({ session }: Ticket): RunningSession {
    const found = this.#deps.find(session);
    if (found === undefined) throw new CellError('E_SHELL_UNKNOWN', `no shell ${session} is open`);
    return found;
  }

  /** One for each terminal of each person, as long as the session is open. */
  #keyboard({ id }: RunningSession, { who }: Ticket, client: string): Keyboard {
    const of = this.#keyboards.get(id) ?? new Map<string, Keyboard>();
    this.#keyboards.set(id, of);
    const name = `${client} ${who.actor}`;
    const keyboard = of.get(name) ?? new Keyboard();
    of.delete(name);
    of.set(name, keyboard);
    const oldest = of.keys().next().value;
    if (of.size > keyboardLimit && oldest !== undefined) of.delete(oldest);
    return keyboard;
  }

  #refused({ principal }: Guest, code: Code, what: string): void {
    const actor = principal?.actor ?? panelActor;
    const text = `refused ${actor} at a shell: ${code}: ${what}`;
    this.#deps.log('warn', text, refusedEvent(actor, code, text));
  }

  #tick(): void {
    this.#beat = this.#deps.clock.after(milliseconds(shellPace.beat_ms), () => this.#tick());
    for (const connection of this.#connections) connection.check();
    for (const id of this.#keyboards.keys()) {
      if (this.#deps.find(id) === undefined) this.#keyboards.delete(id);
    }
  }
}
