// Keeps what the server monitors equal to what the driver wants monitored: chunk after chunk, and again
// what was refused, since a program that is loaded later brings its nodes with it.
import type { MonitoredItemCreateResult, NodeId } from 'node-opcua-client';
import { CellError } from '#contract/error.ts';
import type { Log } from '#contract/driver.ts';
import { qualityOf, status, statusCode, statusText } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Sample } from '#contract/sample.ts';
import { instant } from '#contract/time.ts';
import type { Clock, Instant } from '#contract/time.ts';
import type { OpcuaLink } from './link.ts';
import type { Item, Monitor } from './monitor.ts';
import { codeOf } from './value.ts';
import { badNodeIdUnknown } from './wire.ts';
import type { Ask } from './wire.ts';

/** Items in one request: small servers take no more. */
const largestChunk = 100;
/** A node that the server does not have is asked for again this often, or later where there are many. */
const retryRefused = 1000;
/** Tags named in one line of the log. */
const namesShown = 5;
const badTooManyOperations = 0x80100000;

/** What the items need of the driver. */
export interface ItemsHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly ask: Ask;
  samples(batch: readonly Sample[]): void;
}

interface Refused {
  readonly item: Item;
  readonly code: StatusCode;
}
interface Wanted {
  readonly item: Item;
  readonly handle: number;
  readonly node: NodeId;
}

/** The items of one connection. */
export class Items {
  readonly #host: ItemsHost;
  readonly #monitor: Monitor;
  /** How often the server samples them, in milliseconds. */
  readonly #every: number;
  #chunk = largestChunk;

  constructor(host: ItemsHost, monitor: Monitor, every: number) {
    this.#host = host;
    this.#monitor = monitor;
    this.#every = every;
  }

  /** Ends or asks for one chunk. */
  async step(): Promise<void> {
    const monitor = this.#monitor;
    const ended = monitor.takeToEnd(this.#chunk);
    // What cannot be ended is at worst told in vain.
    if (ended.length > 0) {
      await this.#host.ask((link) => link.unmonitor(monitor.subscription, ended));
    } else await this.#begin(monitor.takeToAsk(this.#chunk, this.#host.clock.now()));
  }

  async #begin(items: readonly Item[]): Promise<void> {
    const refused: Refused[] = [];
    const outcome = await this.#host.ask(async (link) => {
      const wanted = found(link, items, refused);
      if (wanted.length === 0) return { kind: 'data', data: [] };
      const answer = await link.monitor(this.#monitor.subscription, wanted, this.#every);
      if (answer.kind === 'refused') return answer;
      return { kind: 'data', data: paired(wanted, answer.data.results ?? []) };
    });
    if (outcome.kind !== 'answer') return this.#monitor.askAgain(items);
    const { value: answer, received } = outcome;
    if (answer.kind === 'data') {
      for (const { item, id, code } of answer.data) {
        if (qualityOf(code) === 'bad') refused.push({ item, code });
        else this.#monitor.asked(item, id);
      }
      return this.#refuse(refused, received);
    }
    if (codeOf(answer.status) === badTooManyOperations && this.#chunk > 1) {
      this.#chunk = Math.ceil(this.#chunk / 2);
      return this.#monitor.askAgain(items);
    }
    this.#refuse(
      items.map((item) => ({ item, code: answer.status })),
      received,
    );
  }

  /** The device itself says that it has no such node, or not as a value. */
  #refuse(refused: readonly Refused[], received: Instant): void {
    const { clock, log } = this.#host;
    // However many there are, about one chunk is asked for again in each period.
    const turns = Math.max(1, Math.ceil(this.#monitor.refused / this.#chunk));
    const retryAt = instant(clock.now() + turns * retryRefused);
    const learned = { received, time: clock.time() };
    const batch = refused.flatMap(({ item, code }) => {
      const sample = this.#monitor.refuse(item, code, retryAt, learned);
      return sample === undefined ? [] : [sample];
    });
    if (batch.length === 0) return;
    const named = refused
      .slice(0, namesShown)
      .map(({ item, code }) => `${item.point.tag} (${item.point.node}): ${statusText(code)}`);
    const rest = refused.length - named.length;
    const text = `${named.join(', ')}${rest > 0 ? `, and ${rest} more` : ''}`;
    log('warn', text, new CellError('E_DEVICE_EXCEPTION', text));
    this.#host.samples(batch);
  }
}

/** Items with their nodes in the server's numbering; of a namespace that it does not have, refused. */
function found(link: OpcuaLink, items: readonly Item[], refused: Refused[]): readonly Wanted[] {
  return items.flatMap((item) => {
    const node = link.nodeOf(item.point.node);
    if (node === undefined) refused.push({ item, code: badNodeIdUnknown });
    return node === undefined ? [] : [{ item, node, handle: item.handle }];
  });
}

/** What the server said of each item; one that it said nothing of is refused. */
function paired(
  wanted: readonly Wanted[],
  results: readonly MonitoredItemCreateResult[],
): readonly (Refused & { readonly id: number })[] {
  return wanted.map(({ item }, i) => {
    const result = results[i];
    const code =
      result === undefined ? status.BadCommunicationError : statusCode(result.statusCode.value);
    return { item, id: result?.monitoredItemId ?? 0, code };
  });
}
