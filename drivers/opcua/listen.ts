// Listens to the publishes of one connection. A publish request waits at the server until there is
// something to tell; a server that is silent for longer than it said it would be is not believed.
import type { PublishResponse } from 'node-opcua-client';
import { CellError } from '#contract/error.ts';
import { statusText } from '#contract/quality.ts';
import type { Clock, Duration, Instant } from '#contract/time.ts';
import type { Supervisor } from '#drivers/supervise.ts';
import type { Answer, OpcuaLink } from './link.ts';
import type { Monitor, Published } from './monitor.ts';
import { codeOf } from './value.ts';

/** Publish requests that wait at the server, so that one is there while the other's answer travels. */
export const publishes = 2;
/** Publishes in a row that come faster than they may, before the server is not believed any longer. */
const hastyLimit = 64;
const badTooManyPublishRequests = 0x80780000;

export interface Listener {
  readonly supervisor: Supervisor<OpcuaLink>;
  readonly clock: Clock;
  readonly link: OpcuaLink;
  readonly monitor: Monitor;
  /** How often the server publishes, in milliseconds. */
  readonly every: number;
  /** For the answer to a publish request, from when it was sent. */
  readonly limit: Duration;
}

/** Listens until the connection is not the current one any more. */
export async function listen(listener: Listener): Promise<void> {
  const listening = new Listening(listener);
  await Promise.all(Array.from({ length: publishes }, () => listening.loop()));
}

/** A server that refuses to publish is not alive. */
const isPublish = (answer: Answer<PublishResponse>): boolean => answer.kind === 'data';

class Listening {
  readonly #with: Listener;
  #loops = publishes;
  /** Publishes that were taken and are still to be acknowledged. */
  readonly #taken: { subscription: number; sequence: number }[] = [];
  #last = -Infinity;
  #hasty = 0;

  constructor(listener: Listener) {
    this.#with = listener;
  }

  async loop(): Promise<void> {
    const { supervisor, clock, link, monitor, limit } = this.#with;
    while (supervisor.isCurrent(link)) {
      const taken = this.#taken.splice(0);
      const publish = (to: OpcuaLink): Promise<Answer<PublishResponse>> => to.publish(taken);
      // oxlint-disable-next-line no-await-in-loop -- the next is asked when this one has come
      const outcome = await supervisor.request(0, limit, publish, isPublish, false);
      if (outcome.kind !== 'answer') continue;
      const { value: answer, received } = outcome;
      if (answer.kind === 'data') {
        this.#handle(monitor.take(answer.data, { received, time: clock.time() }), received);
      } else if (codeOf(answer.status) === badTooManyPublishRequests && this.#loops > 1) {
        this.#loops -= 1;
        return;
      } else this.#distrust(`publishing is refused: ${statusText(answer.status)}`);
    }
  }

  #handle(published: Published, received: Instant): void {
    const { supervisor, link, monitor } = this.#with;
    if (!supervisor.isCurrent(link) || published.kind === 'other') return;
    if (published.kind === 'ended') return this.#distrust(published.reason);
    const { batch, sequence, whole } = published;
    if (sequence !== undefined) {
      this.#taken.push({ subscription: monitor.subscription, sequence });
    }
    if (batch.length > 0) supervisor.samples(batch);
    if (!whole) return;
    supervisor.seen(monitor.group, received);
    this.#hasty = received - this.#last < this.#with.every / 2 ? this.#hasty + 1 : 0;
    this.#last = received;
    if (this.#hasty > hastyLimit) this.#distrust('it publishes faster than it may');
  }

  #distrust(reason: string): void {
    const { supervisor, link } = this.#with;
    supervisor.distrust(link, new CellError('E_DEVICE_PROTOCOL', reason));
  }
}
