// How the cell is, as retained topics: taken from control's feed, told when it changed, and told whole after
// each connect. Of a topic only the newest is kept, so that nothing ever waits behind what is no longer so.
import { topics } from '#contract/mirror.ts';
import type { AlarmMessage, Position, StateMessage, TagMessage } from '#contract/mirror.ts';
import { qualityOf, status, statusCode } from '#contract/quality.ts';
import type { AlarmState, Delta, FlowState, Hello, OutputState } from '#contract/wire.ts';
import type { Snapshot, TagState } from '#contract/wire.ts';
import type { OutMessage } from './broker.ts';
import { metaPages } from './meta.ts';
import type { MirrorStore } from './store.ts';

/** When something was so: the frame of the feed that told it. */
interface Moment {
  readonly t: number;
  readonly n: Position;
}

/** Makes the payload, and is made anew with each change. */
interface Item {
  readonly text: () => string;
  /** What it says but for its moment, to tell a change from a repetition. */
  readonly value: unknown;
}

type Kind = 'tags' | 'outputs' | 'flows' | 'alarms';
const kinds: readonly Kind[] = ['flows', 'alarms', 'tags', 'outputs'];

export class Retained {
  readonly #store: MirrorStore;
  readonly #base: string;
  readonly #commands: boolean;
  /** Topic after topic, in the order in which a new broker is told. */
  readonly #items = new Map<string, Item>();
  /** Topics to be told; the oldest change first. */
  readonly #due = new Set<string>();
  readonly #topicOf: Record<Kind, Map<string, string>> = {
    tags: new Map(),
    outputs: new Map(),
    flows: new Map(),
    alarms: new Map(),
  };
  #boot = 0;
  /** Nothing is to be emptied before the cell was heard. */
  #heard = false;

  constructor(store: MirrorStore, options: { readonly base: string; readonly commands: boolean }) {
    this.#store = store;
    this.#base = options.base;
    this.#commands = options.commands;
  }

  get waiting(): number {
    return this.#due.size;
  }

  hello(hello: Hello): void {
    this.#boot = hello.boot;
    const pages = metaPages(hello, this.#commands);
    for (const [page, value] of pages.entries()) {
      const text = JSON.stringify(value);
      this.#put(`${this.#base}/${topics.meta(page)}`, { value, text: () => text });
    }
    for (let page = pages.length; this.#remove(`${this.#base}/${topics.meta(page)}`); page += 1);
  }

  snapshot(snapshot: Snapshot): void {
    const moment = this.#momentOf(snapshot);
    for (const kind of kinds) {
      const names = snapshot[kind];
      for (const [name, topic] of this.#topicOf[kind]) {
        if (Object.hasOwn(names, name)) continue;
        this.#topicOf[kind].delete(name);
        this.#remove(topic);
      }
    }
    this.#take(snapshot, moment, false);
    if (!this.#heard) this.#empty();
    this.#heard = true;
  }

  delta(delta: Delta): void {
    this.#take(delta, this.#momentOf(delta), true);
  }

  /** A broker that may know nothing of us: everything is told. */
  renew(): void {
    this.#due.clear();
    for (const topic of this.#items.keys()) this.#due.add(topic);
    if (this.#heard) this.#empty();
    this.#store.addTopics([...this.#due]);
  }

  /** The next to be told, and what to do when the broker has it. */
  take(): (OutMessage & { readonly acknowledged?: () => void }) | undefined {
    const [topic] = this.#due;
    if (topic === undefined) return undefined;
    const item = this.#items.get(topic);
    if (item !== undefined) {
      // Where that fails it is known all the same, and told the next time.
      this.#store.addTopics([topic]);
      this.#due.delete(topic);
      return { topic, payload: item.text(), retain: true };
    }
    this.#due.delete(topic);
    const acknowledged = (): void => {
      if (!this.#items.has(topic)) this.#store.removeTopic(topic);
    };
    return { topic, payload: '', retain: true, acknowledged };
  }

  /** What a broker may still retain of us, and is no more: a tag of an older manifest, an alarm that went. */
  #empty(): void {
    const health = `${this.#base}/${topics.health}`;
    for (const topic of this.#store.topics) {
      if (!this.#items.has(topic) && topic !== health) this.#due.add(topic);
    }
  }

  #momentOf({ time, seq }: { readonly time: number; readonly seq: number }): Moment {
    return { t: time, n: [this.#boot, seq] };
  }

  #take(sections: Pick<Delta, Kind>, moment: Moment, changed: boolean): void {
    const { flows = {}, alarms = {}, tags = {}, outputs = {} } = sections;
    for (const [name, flow] of Object.entries(flows)) {
      const value = stateOf(flow);
      this.#tell('flows', name, value, () => JSON.stringify({ ...moment, ...value }));
    }
    for (const [name, alarm] of Object.entries(alarms)) this.#alarm(name, alarm, moment);
    for (const [name, tag] of Object.entries(tags)) {
      // Of what the feed calls changed nothing is compared again: there may be thousands in a second.
      const value = changed ? undefined : [tag.v, tag.s, tag.t, tag.f];
      this.#tell('tags', name, value, () => tagText(tag, moment.n));
    }
    for (const [name, output] of Object.entries(outputs)) {
      const value = [output.v, output.write, output.by];
      this.#tell('outputs', name, value, () => outputText(output, moment));
    }
  }

  #alarm(name: string, alarm: AlarmState | null, moment: Moment): void {
    if (alarm !== null) {
      const text = (): string => JSON.stringify({ ...moment, ...alarm } satisfies AlarmMessage);
      return this.#tell('alarms', name, alarm, text);
    }
    const topic = this.#topicOf.alarms.get(name);
    this.#topicOf.alarms.delete(name);
    if (topic !== undefined) this.#remove(topic);
  }

  #tell(kind: Kind, name: string, value: unknown, text: () => string): void {
    let topic = this.#topicOf[kind].get(name);
    if (topic === undefined) {
      topic = `${this.#base}/${makeTopic[kind](name)}`;
      this.#topicOf[kind].set(name, topic);
    }
    this.#put(topic, { value, text });
  }

  #put(topic: string, item: Item): void {
    const before = this.#items.get(topic)?.value;
    this.#items.set(topic, item);
    const same = before !== undefined && JSON.stringify(before) === JSON.stringify(item.value);
    if (!same) this.#due.add(topic);
  }

  #remove(topic: string): boolean {
    if (!this.#items.delete(topic)) return false;
    this.#due.add(topic);
    return true;
  }
}

const makeTopic: Readonly<Record<Kind, (name: string) => string>> = {
  tags: topics.tag,
  outputs: topics.tag,
  flows: topics.state,
  alarms: topics.alarm,
};

function tagText({ v, s, t, f }: TagState, n: Position): string {
  const q = qualityOf(statusCode(s));
  const message: TagMessage = { v, q, s, t, n, ...(f === true ? { f } : {}) };
  return JSON.stringify(message);
}

/** As far as the device confirmed it. */
const written: Readonly<Record<OutputState['write'], number>> = {
  confirmed: status.Good,
  pending: status.UncertainLastUsableValue,
  mismatch: status.BadCommunicationError,
  rejected: status.BadCommunicationError,
  unknown: status.BadCommunicationError,
};

function outputText({ v, by, write }: OutputState, { t, n }: Moment): string {
  return tagText({ v, s: written[write], t, ...(by === 'force' ? { f: true } : {}) }, n);
}

function stateOf(flow: FlowState): Omit<StateMessage, 't' | 'n'> {
  const { stepped, reason, regions, ctx, signals, parameters } = flow;
  return {
    stepped,
    ...(reason === undefined ? {} : { reason }),
    regions: Object.fromEntries(
      Object.entries(regions).map(([name, { state, sinceTime }]) => [
        name,
        { state, since: sinceTime },
      ]),
    ),
    ctx,
    signals,
    parameters,
  };
}
