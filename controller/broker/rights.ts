// Who may do what at the embedded broker. The mirror signs in and publishes; everyone else on this machine is a
// guest: a guest reads everything and publishes commands, which the cell judges by itself.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '#contract/time.ts';
import { Bucket } from '#controller/bucket.ts';

/** The one user that the broker knows. */
export const mirrorUser = 'mirror';

/** Commands of all guests together: who asks for more is no operator. */
const commandPace = { rate: 50, burst: 200 };
/** Topic filters that one guest's connection may ask for. */
const filterLimit = 100;

/**
 * `<cell>/command/<flow>/<name>`, or with the four levels of `path` before it: the only topics that a guest may
 * publish on. Any depth would let in the tag `press.command.x.y`.
 */
const commandTopic = /^(?:(?:[^/]+\/){4})?[^/]+\/command\/[^/]+\/[^/]+$/;

/** CONNACK return codes. [MQTT 3.1.1 §3.2.2.3] */
export const refusal = { id: 2, unavailable: 3, password: 4 } as const;

/** Why a client was not let in. */
export class Refused extends Error {
  readonly returnCode: number;

  constructor(returnCode: number, text: string) {
    super(text);
    this.returnCode = returnCode;
  }
}

/** What is asked of a client, as far as rights go. */
export interface Asked {
  readonly topic: string;
  readonly retain: boolean;
}

export class Rights<Client extends object> {
  readonly #secret: Buffer;
  readonly #commands: Bucket;
  readonly #guests = new Map<Client, { filters: number }>();
  readonly #guestLimit: number;
  readonly #signedIn = new WeakSet<Client>();
  /** Ids that the mirror has now. */
  readonly #ids = new Map<string, Client>();

  constructor(clock: Clock, secret: string, guestLimit: number) {
    this.#secret = digest(secret);
    this.#guestLimit = guestLimit;
    this.#commands = new Bucket(clock, commandPace);
  }

  /** Lets a client in, or says why not. Nobody else may take the id that the mirror has: it would be cut off. */
  enter(
    client: Client,
    id: string,
    { user, password }: { user: string | undefined; password: Uint8Array | undefined },
  ): Refused | undefined {
    if (user !== undefined) {
      const right = timingSafeEqual(digest(password ?? ''), this.#secret);
      if (user !== mirrorUser || !right) {
        return new Refused(refusal.password, 'a wrong user or password; a guest gives none');
      }
      this.#signedIn.add(client);
      this.#ids.set(id, client);
      return undefined;
    }
    if (this.#ids.has(id)) return new Refused(refusal.id, 'the id is the mirror’s');
    if (this.#guests.size >= this.#guestLimit) {
      return new Refused(refusal.unavailable, `there are ${this.#guestLimit} guests already`);
    }
    this.#guests.set(client, { filters: 0 });
    return undefined;
  }

  /** Its connection is gone; its will may still come. */
  leave(client: Client, id: string): void {
    this.#guests.delete(client);
    if (this.#ids.get(id) === client) this.#ids.delete(id);
  }

  isMirror(client: Client): boolean {
    return this.#signedIn.has(client);
  }

  /** Why it may not publish this; undefined when it may. */
  refusesPublish(client: Client, { topic, retain }: Asked): string | undefined {
    if (topic.startsWith('$')) return 'topics with $ are the broker’s own';
    if (this.isMirror(client)) return undefined;
    if (!commandTopic.test(topic)) return 'a guest publishes commands alone';
    if (retain) return 'a command is not retained';
    if (!this.#commands.take()) return `more than ${commandPace.rate} commands a second`;
    return undefined;
  }

  /** Why it may not subscribe to this; undefined when it may. */
  refusesFilter(client: Client, filter: string): string | undefined {
    if (filter.startsWith('$')) return 'topics with $ are the broker’s own';
    if (this.isMirror(client)) return undefined;
    const guest = this.#guests.get(client);
    if (guest === undefined) return 'its connection is gone';
    guest.filters += 1;
    return guest.filters > filterLimit ? `more than ${filterLimit} topic filters` : undefined;
  }
}

const digest = (secret: string | Uint8Array): Buffer =>
  createHash('sha256').update(secret).digest();
