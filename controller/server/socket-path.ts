// A WebSocket path of station's port: what it speaks, and who takes over once a connection is let in.
// Origin, Host and protocol are judged before, for all of them alike.
import type { WebSocket } from 'ws';
import type { Code } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import type { Guest } from './routes.ts';

export interface SocketPath {
  readonly path: `/${string}`;
  /** The subprotocol that a client must offer. */
  readonly protocol: string;
  /** Bytes of the largest message; what is longer closes the connection. */
  readonly maxPayload: number;
  /** Why no further connection of such a guest is taken now. */
  refusal(guest: Guest): Code | undefined;
  accept(socket: WebSocket, guest: Guest): void;
  /** A session or token may something else from now on; null: it is nobody's. */
  changed?(credential: string, principal: Principal | null): void;
}
