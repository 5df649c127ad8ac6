// The subscription of one connection as the driver keeps it: which node is which tag, what is still to be
// asked for, what the sink was told, and what a publish says. It does no I/O.
import { DataChangeNotification, StatusChangeNotification } from 'node-opcua-client';
import type { PublishResponse } from 'node-opcua-client';
import type { TagGroup } from '#contract/driver.ts';
import type { TagName } from '#contract/name.ts';
import type { StatusCode } from '#contract/quality.ts';
import { statusCode } from '#contract/quality.ts';
import type { Sample, TagType } from '#contract/sample.ts';
import type { Instant } from '#contract/time.ts';
import { Given } from '#drivers/given.ts';
import type { Learned } from '#drivers/given.ts';
import { readingOf, timeOf } from './value.ts';
import type { Reading } from './value.ts';

/** A tag on its node; it outlives connections as long as it is the same. */
export interface Point {
  readonly tag: TagName;
  readonly node: string;
  readonly type: TagType;
  readonly key: string;
}

/** A point in this connection's subscription. */
export interface Item {
  readonly point: Point;
  /** Ours, in notifications. */
  readonly handle: number;
  /** The server's, to end it. */
  id: number | undefined;
}

/** What a publish said. */
export type Published =
  | {
      readonly kind: 'data';
      readonly batch: readonly Sample[];
      /** To be acknowledged; undefined for a keep-alive. */
      readonly sequence: number | undefined;
      /** The whole group is confirmed; not while there is more to come at once. */
      readonly whole: boolean;
    }
  /** Of a subscription that is not ours (any longer). */
  | { readonly kind: 'other' }
  /** What follows cannot be believed: something was lost, or the server gave the subscription up. */
  | { readonly kind: 'ended'; readonly reason: string };

/** Sequence numbers begin with 1, and go on with 1 after the last of 32 bits [OPC 10000-4, 5.13.1]. */
const lastSequence = 0xffff_ffff;
/** What is ahead of the expected number by less is of later; the others are behind it. */
const halfway = 0x8000_0000;

export class Monitor {
  readonly subscription: number;
  readonly #given = new Given();
  readonly #items = new Map<TagName, Item>();
  readonly #handles = new Map<number, Item>();
  readonly #toAsk = new Set<Item>();
  readonly #toEnd: number[] = [];
  #refused: { readonly item: Item; readonly retryAt: Instant }[] = [];
  #group: TagGroup | undefined;
  #handle = 0;
  /** Of the last notification that was taken; 0 before the first. */
  #sequence = 0;

  constructor(subscription: number) {
    this.subscription = subscription;
  }

  /** Replaces the points; one that stays keeps its item. From here on nothing is said of the others. */
  setPoints(points: ReadonlyMap<TagName, Point>): void {
    for (const item of this.#items.values()) {
      if (points.get(item.point.tag) !== item.point) this.#drop(item);
    }
    for (const point of points.values()) {
      if (this.#items.has(point.tag)) continue;
      this.#handle += 1;
      const item: Item = { point, handle: this.#handle, id: undefined };
      this.#items.set(point.tag, item);
      this.#handles.set(item.handle, item);
      this.#toAsk.add(item);
    }
  }

  /** All that was given since the connection came about: what a publish confirms. */
  get group(): TagGroup {
    this.#group ??= [...this.#items.keys()].filter((tag) => this.#given.has(tag));
    return this.#group;
  }

  /** Is there anything to ask of the server now? */
  hasWork(now: Instant): boolean {
    const [refused] = this.#refused;
    return this.#toAsk.size > 0 || this.#toEnd.length > 0 || (refused?.retryAt ?? Infinity) <= now;
  }

  /** Was every item asked for at least once? */
  get isAsked(): boolean {
    return this.#toAsk.size === 0;
  }

  /** How many items the server refused. */
  get refused(): number {
    return this.#refused.length;
  }

  /** When what was refused is asked for again. */
  get retryAt(): number {
    return this.#refused[0]?.retryAt ?? Infinity;
  }

  /** Items to ask for next, at most so many. */
  takeToAsk(count: number, now: Instant): readonly Item[] {
    const taken = [...this.#toAsk].slice(0, count);
    for (const item of taken) this.#toAsk.delete(item);
    while (taken.length < count && this.retryAt <= now) {
      const again = this.#refused.shift();
      if (again !== undefined && this.#isOurs(again.item)) taken.push(again.item);
    }
    return taken;
  }

  /** The server's numbers of items to end, at most so many. */
  takeToEnd(count: number): readonly number[] {
    return this.#toEnd.splice(0, count);
  }

  /** Nobody knows what became of these: they are asked for again. */
  askAgain(items: readonly Item[]): void {
    for (const item of items) if (this.#isOurs(item)) this.#toAsk.add(item);
  }

  /** The server has it; ended at once where its tag has gone meanwhile. */
  asked(item: Item, id: number): void {
    if (this.#isOurs(item)) item.id = id;
    else this.#toEnd.push(id);
  }

  /** The server does not have such a node (yet). */
  refuse(item: Item, code: StatusCode, retryAt: Instant, at: Learned): Sample | undefined {
    if (!this.#isOurs(item)) return undefined;
    this.#refused.push({ item, retryAt });
    return this.#news(item, { value: undefined, status: code }, at);
  }

  /** What one publish says, in order. */
  take(response: PublishResponse, at: Learned): Published {
    if (response.subscriptionId !== this.subscription) return { kind: 'other' };
    const { notificationData, sequenceNumber } = response.notificationMessage;
    const parts: readonly unknown[] = notificationData ?? [];
    const whole = !response.moreNotifications;
    const expected = following(this.#sequence);
    if (parts.length === 0) {
      // A keep-alive has the number of what comes next: it too tells that something never came. One
      // that is behind is of a server that numbers it by what went before.
      if (isAhead(sequenceNumber, expected)) return lost;
      return { kind: 'data', batch: [], sequence: undefined, whole };
    }
    if (sequenceNumber !== expected) return lost;
    this.#sequence = sequenceNumber;
    const batch: Sample[] = [];
    for (const part of parts) {
      if (part instanceof DataChangeNotification) this.#collect(part, at, batch);
      else if (part instanceof StatusChangeNotification) {
        const code = statusCode(part.status.value);
        return { kind: 'ended', reason: `the device ended the subscription: ${hex(code)}` };
      }
    }
    return { kind: 'data', batch, sequence: sequenceNumber, whole };
  }

  #collect(part: DataChangeNotification, at: Learned, batch: Sample[]): void {
    for (const { clientHandle, value } of part.monitoredItems ?? []) {
      const item = this.#handles.get(clientHandle);
      if (item === undefined) continue;
      const learned = { time: timeOf(value, at.time), received: at.received };
      const sample = this.#news(item, readingOf(value), learned);
      if (sample !== undefined) batch.push(sample);
    }
  }

  /** The sample, if the sink does not know it yet. */
  #news({ point }: Item, { value, status }: Reading, learned: Learned): Sample | undefined {
    const { tag } = point;
    if (!this.#given.has(tag)) this.#group = undefined;
    return value === undefined
      ? this.#given.bad(tag, status, learned)
      : this.#given.good(tag, value, learned, status);
  }

  #drop(item: Item): void {
    this.#items.delete(item.point.tag);
    this.#given.forget(item.point.tag);
    this.#handles.delete(item.handle);
    this.#toAsk.delete(item);
    if (item.id !== undefined) this.#toEnd.push(item.id);
    this.#group = undefined;
  }

  #isOurs(item: Item): boolean {
    return this.#handles.get(item.handle) === item;
  }
}

const lost: Published = { kind: 'ended', reason: 'notifications were lost' };
const isAhead = (sequence: number, expected: number): boolean =>
  sequence !== expected && (sequence - expected) >>> 0 < halfway;
/** The number of the notification after this one. */
export const following = (sequence: number): number =>
  sequence === lastSequence ? 1 : sequence + 1;
const hex = (code: number): string => `0x${code.toString(16).padStart(8, '0')}`;
