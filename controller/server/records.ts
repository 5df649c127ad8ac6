// What happens in station and belongs in the chronicle: handed to control, which alone writes it.
// What must stand there before it takes effect is waited for; of the rest nobody waits.
import { randomBytes } from 'node:crypto';
import type { Actor } from '#contract/actor.ts';
import type { SessionBody } from '#contract/entry.ts';
import type { Code } from '#contract/error.ts';
import { seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type { FromClient, FromControl } from '#contract/wire.ts';

/** The way to control: false when it is not there, and what was sent is then gone. */
export type SendToControl = (message: FromClient) => boolean;

/** What of station belongs in the chronicle, and who did it. */
export interface StationEvent {
  readonly actor: Actor;
  readonly body: SessionBody;
}

/** What a refusal at one of station's doors leaves in the record. */
export const refusedEvent = (actor: Actor, code: string, text: string): StationEvent => ({
  actor,
  body: { event: 'refused', code, text: text.slice(0, 500) },
});

/** So long control may take to have something on disk. */
const patience = seconds(3);

interface Waiting {
  readonly message: FromClient;
  /** Control has it; the disk has it not. */
  accepted: boolean;
  end(problem: Code | undefined): void;
}

export class Records {
  readonly #clock: Clock;
  readonly #send: SendToControl;
  readonly #waiting = new Map<string, Waiting>();
  #up = false;

  constructor(clock: Clock, send: SendToControl) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Gone when control is not there. */
  tell(event: StationEvent): void {
    if (this.#up) this.#send(messageOf(event));
  }

  /** Resolves when it is on disk, to nothing; else within 3 s to why it is not known to be. */
  async keep(event: StationEvent): Promise<Code | undefined> {
    const message = messageOf(event);
    return new Promise((resolve) => {
      const late = this.#clock.after(patience, () =>
        waiting.end(waiting.accepted ? 'E_CHRONICLE_STALL' : 'E_CELL_NOT_RUNNING'),
      );
      const waiting: Waiting = {
        message,
        accepted: false,
        end: (problem) => {
          late();
          this.#waiting.delete(message.id);
          resolve(problem);
        },
      };
      this.#waiting.set(message.id, waiting);
      // Control that is about to come is waited for as well.
      if (this.#up) this.#send(message);
    });
  }

  /** Control said something. */
  take(message: FromControl): void {
    if (message.type === 'hello') this.#greeted();
    if (message.type !== 'receipt' && message.type !== 'done') return;
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if (message.type === 'receipt' && message.result === 'accepted') waiting.accepted = true;
    else if (message.type === 'receipt' || message.code !== undefined)
      waiting.end('E_CHRONICLE_LOST');
    else waiting.end(undefined);
  }

  #greeted(): void {
    this.#up = true;
    for (const { message } of this.#waiting.values()) this.#send(message);
  }

  /** The connection to control has ended. */
  lost(): void {
    if (!this.#up) return;
    this.#up = false;
    for (const waiting of this.#waiting.values()) waiting.end('E_CELL_NOT_RUNNING');
  }
}

function messageOf({ actor, body }: StationEvent): Extract<FromClient, { type: 'record' }> {
  const id = randomBytes(12).toString('hex');
  return { type: 'record', id, actor, kind: 'session', body };
}
