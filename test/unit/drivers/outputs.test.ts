// The outputs of one device in virtual time: what is wanted, in which order it is asked, how it is proved,
// and what outlives a connection. The device is a wire that the test answers for.
import { beforeEach, describe, expect, test } from 'vitest';
import type { WriteRequest, WriteResult } from '#contract/driver.ts';
import { tagName } from '#contract/name.ts';
import { status } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import { Outputs } from '#drivers/outputs.ts';
import type { Exchange, OutputWire } from '#drivers/outputs.ts';
import { TestClock } from './supervise-rig.ts';

interface Point {
  readonly name: string;
}

/** A device that holds what is written to it, unless the test says otherwise. */
class Wire implements OutputWire<Point> {
  readonly held = new Map<string, Value>();
  /** Everything that was asked of the device, in order. */
  readonly asked: string[] = [];
  /** What becomes of a write; `undefined`: it is done. */
  onWrite: (point: Point, value: Value) => Exchange | Promise<Exchange | undefined> | undefined =
    () => undefined;
  onRead: (point: Point) => Exchange | undefined = () => undefined;

  async write(point: Point, value: Value): Promise<Exchange> {
    this.asked.push(`${point.name}=${String(value)}`);
    const answer = await this.onWrite(point, value);
    if (answer !== undefined) return answer;
    this.held.set(point.name, value);
    return { kind: 'done', value };
  }

  async read(point: Point): Promise<Exchange> {
    this.asked.push(`${point.name}?`);
    return this.onRead(point) ?? { kind: 'done', value: this.held.get(point.name) ?? null };
  }

  same(_: Point, value: Value, held: Value): boolean {
    return value === held;
  }
}

const silent: Exchange = { kind: 'silent' };
const refused = (again: boolean): Exchange => ({
  kind: 'refused',
  status: status.BadOutOfRange,
  again,
});

let clock: TestClock;
let wire: Wire;
let outputs: Outputs<Point>;
let results: WriteResult[];
const points = new Map(['a', 'b', 'c'].map((name) => [tagName(name), { name }]));

beforeEach(() => {
  clock = new TestClock();
  wire = new Wire();
  outputs = new Outputs(clock, wire);
  outputs.setPoints(points);
  results = [];
});

type Asked = Partial<Omit<WriteRequest, 'tag' | 'value'>>;

function ask(name: string, value: Value, more: Asked = {}, connected = true): void {
  const request: WriteRequest = {
    id: `${name}=${String(value)}`,
    tag: tagName(name),
    value,
    deadline: milliseconds(200),
    verify: 'readback',
    safe: false,
    ...more,
  };
  void outputs.ask(request, connected).then((result) => results.push(result));
}

/** The driver's loop for so long: one exchange after another, each when it is due. */
async function run(span: number): Promise<void> {
  for (let gone = 0; gone < span; gone += 1) {
    let due = outputs.due();
    for (let steps = 0; steps < 20 && due !== undefined && due <= clock.now(); steps += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one exchange at a time
      await outputs.step();
      due = outputs.due();
    }
    // oxlint-disable-next-line no-await-in-loop -- one millisecond after another
    await clock.advance(1);
  }
}

const outcomes = (): string[] => results.map(({ id, outcome }) => `${id} ${outcome}`);

const isB = ({ name }: Point): boolean => name === 'b';

describe('order', () => {
  test('the newest value wins, and those before it are superseded and never written', async () => {
    for (const value of [1, 2, 3]) ask('a', value);
    await run(5);
    expect(outcomes()).toEqual(['a=1 superseded', 'a=2 superseded', 'a=3 confirmed']);
    expect(wire.asked).toEqual(['a=3', 'a?']);
    expect(outputs.due()).toBeUndefined();
    expect(clock.timers).toBe(0);
  });

  test('a value that comes while another is on the wire is written after it', async () => {
    const answers: ((exchange: Exchange) => void)[] = [];
    wire.onWrite = (_, value) =>
      value === 1 ? new Promise((resolve) => void answers.push(resolve)) : undefined;
    ask('a', 1);
    const step = outputs.step();
    ask('a', 2);
    answers[0]?.({ kind: 'done', value: 1 });
    await step;
    await run(5);
    expect(outcomes()).toEqual(['a=1 superseded', 'a=2 confirmed']);
    expect(wire.asked).toEqual(['a=1', 'a=2', 'a?']);
  });

  test('a safe value overtakes all others, values go before proofs, the older first', async () => {
    ask('a', 1);
    await outputs.step();
    ask('b', 2);
    ask('c', 0, { safe: true });
    await run(5);
    expect(wire.asked).toEqual(['a=1', 'c=0', 'b=2', 'a?', 'b?', 'c?']);
    expect(outcomes()).toEqual(['a=1 confirmed', 'b=2 confirmed', 'c=0 confirmed']);
  });

  test('only the points that may be reached now are asked', async () => {
    ask('a', 0, { safe: true });
    ask('b', 1);
    expect(outputs.due(isB)).toBe(0);
    await outputs.step(isB);
    expect(wire.asked).toEqual(['b=1']);
    expect(outputs.due(({ name }) => name === 'c')).toBeUndefined();
  });
});

test.each([true, false])(
  'one that is never answered keeps no other waiting, safe: %s',
  async (safe) => {
    wire.onWrite = async ({ name }) => {
      if (name !== 'a') return undefined;
      await clock.advance(30);
      return silent;
    };
    ask('a', 0, { safe });
    ask('b', 2);
    ask('c', 0, { safe: true });
    await run(100);
    expect(outcomes()).toContain('b=2 confirmed');
    expect(outcomes()).toContain('c=0 confirmed');
  },
);

describe('proof', () => {
  test.each([
    { verify: 'none', echo: 2, outcome: 'confirmed', asked: ['a=1'] },
    { verify: 'echo', echo: 1, outcome: 'confirmed', asked: ['a=1'] },
    { verify: 'echo', echo: 2, outcome: 'mismatch', asked: ['a=1'] },
    { verify: 'readback', echo: 2, outcome: 'mismatch', asked: ['a=1'] },
  ] as const)('by $verify, when the device says $echo: $outcome', async (of) => {
    wire.onWrite = () => ({ kind: 'done', value: of.echo });
    ask('a', 1, { verify: of.verify });
    await run(5);
    expect(results).toMatchObject([{ outcome: of.outcome, readBack: of.echo }]);
    expect(wire.asked).toEqual(of.asked);
  });

  test('a device may show the old value for 50 ms after a write', async () => {
    wire.onRead = () => (clock.now() < 30 ? { kind: 'done', value: 0 } : undefined);
    ask('a', 1);
    await run(100);
    expect(results).toMatchObject([{ outcome: 'confirmed', readBack: 1, took: 30 }]);
  });

  test('one that goes on showing another value is a mismatch after that, and is not repeated', async () => {
    wire.onRead = () => ({ kind: 'done', value: 7 });
    ask('a', 1);
    await run(150);
    expect(results).toMatchObject([{ outcome: 'mismatch', readBack: 7, took: 50 }]);
    expect(wire.asked.filter((text) => text === 'a=1')).toHaveLength(1);
  });

  test.each<[Value, Value, number, string]>([
    [10, 10.4, 0.5, 'confirmed'],
    [10, 10.6, 0.5, 'mismatch'],
    [10n, 12n, 2, 'confirmed'],
    [10n, 13n, 2, 'mismatch'],
    [10, 10n, 2, 'mismatch'],
  ])('%s held as %s with a tolerance of %s: %s', async (value, held, tolerance, outcome) => {
    wire.onRead = () => ({ kind: 'done', value: held });
    ask('a', value, { tolerance });
    await run(150);
    expect(results).toMatchObject([{ outcome, readBack: held }]);
  });

  test('a refusal that will stay is rejected at once with its status', async () => {
    wire.onWrite = () => refused(false);
    ask('a', 1);
    await run(100);
    expect(results).toMatchObject([{ outcome: 'rejected', status: status.BadOutOfRange, took: 0 }]);
    expect(wire.asked).toEqual(['a=1']);
  });

  test('a refusal that may pass is asked again after 50 ms', async () => {
    wire.onWrite = () => (clock.now() < 80 ? refused(true) : undefined);
    ask('a', 1);
    await run(150);
    expect(results).toMatchObject([{ outcome: 'confirmed', took: 100 }]);
    expect(wire.asked).toEqual(['a=1', 'a=1', 'a=1', 'a?']);
  });

  test('an output that nobody knows is rejected, and nothing is asked of the device', async () => {
    ask('z', 1);
    await run(5);
    expect(results).toMatchObject([{ outcome: 'rejected', status: status.BadConfigurationError }]);
    expect(wire.asked).toEqual([]);
  });
});

describe('deadlines', () => {
  test('a value that is given up at its deadline is never sent later', async () => {
    ask('a', 1, { deadline: milliseconds(40) });
    // The device is not asked in time: something else keeps the line.
    await clock.advance(60);
    await run(300);
    expect(results).toMatchObject([{ outcome: 'unknown', status: status.BadTimeout, took: 40 }]);
    expect(wire.asked).toEqual([]);
    expect(outputs.due()).toBeUndefined();
  });

  test('one that the device does not confirm in time is told as what was known of it', async () => {
    wire.onRead = () => silent;
    ask('a', 1, { deadline: milliseconds(40) });
    await run(300);
    expect(results).toMatchObject([{ outcome: 'unknown', status: status.BadTimeout, took: 40 }]);
    const asked = wire.asked.length;
    await run(100);
    expect(wire.asked).toHaveLength(asked);
  });

  test('a safe value goes on after its deadline until the device holds it', async () => {
    wire.onWrite = () => (clock.now() < 300 ? silent : undefined);
    ask('a', 0, { safe: true, deadline: milliseconds(40) });
    await run(100);
    expect(results).toMatchObject([{ outcome: 'unknown', took: 40 }]);
    expect(wire.held.has('a')).toBe(false);
    await run(300);
    expect(wire.held.get('a')).toBe(0);
    expect(outputs.due()).toBeUndefined();
    expect(results).toHaveLength(1);
  });

  test.each([
    { what: 'another value', read: (): Exchange => ({ kind: 'done', value: 1 }) },
    { what: 'no value', read: (): Exchange => silent },
  ])('a safe value of which the device shows $what is not let go', async ({ read }) => {
    wire.onRead = () => (clock.now() < 400 ? read() : undefined);
    ask('a', 0, { safe: true });
    await run(300);
    expect(outcomes()).not.toContain('a=0 confirmed');
    expect(outputs.due()).toBeDefined();
    await run(300);
    expect(wire.held.get('a')).toBe(0);
    expect(outputs.due()).toBeUndefined();
  });

  test('a safe value that the device refuses is told at once and asked again', async () => {
    wire.onWrite = () => (clock.now() < 120 ? refused(false) : undefined);
    ask('a', 0, { safe: true });
    await run(5);
    expect(results).toMatchObject([{ outcome: 'rejected', status: status.BadOutOfRange }]);
    await run(300);
    expect(wire.held.get('a')).toBe(0);
    expect(results).toHaveLength(1);
  });
});

describe('connections', () => {
  test('what waits when the connection goes ends unknown; a safe one is not sent meanwhile', async () => {
    wire.onWrite = () => silent;
    ask('a', 1);
    ask('b', 0, { safe: true });
    await outputs.step();
    outputs.disconnected();
    await run(300);
    expect(outcomes()).toEqual(['a=1 unknown', 'b=0 unknown']);
    expect(results.every((result) => result.status === status.BadNotConnected)).toBe(true);
    expect(wire.asked).toEqual(['b=0']);
    expect(clock.timers).toBe(0);
  });

  test('without a connection a value ends unknown at once, and is written when there is one', async () => {
    ask('a', 1, {}, false);
    ask('a', 2, {}, false);
    await run(5);
    expect(outcomes()).toEqual(['a=1 unknown', 'a=2 unknown']);
    expect(wire.asked).toEqual([]);
    outputs.connected();
    await run(5);
    expect(wire.asked).toEqual(['a=2', 'a?']);
    expect(results).toHaveLength(2);
  });

  test('every level is written once more after a reconnect, those given up too, safe ones first', async () => {
    ask('a', 1);
    await run(5);
    wire.onWrite = () => silent;
    ask('c', 3, { deadline: milliseconds(40) });
    await run(60);
    ask('b', 0, { safe: true });
    await run(5);
    outputs.disconnected();
    wire.onWrite = () => undefined;
    wire.held.clear();
    wire.asked.length = 0;
    outputs.connected();
    await run(20);
    expect(wire.asked.slice(0, 3)).toEqual(['b=0', 'a=1', 'c=3']);
    expect(wire.held).toEqual(
      new Map([
        ['b', 0],
        ['a', 1],
        ['c', 3],
      ]),
    );
    expect(outputs.due()).toBeUndefined();
  });

  test('an output that is another point now forgets what was asked of it, others keep it', async () => {
    wire.onRead = ({ name }) => (name === 'a' ? silent : undefined);
    ask('a', 1);
    ask('b', 2);
    await run(5);
    outputs.setPoints(new Map(points).set(tagName('a'), { name: 'a' }));
    await run(5);
    expect(outcomes()).toEqual(['b=2 confirmed', 'a=1 unknown']);
    wire.asked.length = 0;
    outputs.disconnected();
    outputs.connected();
    await run(5);
    expect(wire.asked).toEqual(['b=2', 'b?']);
  });
});
