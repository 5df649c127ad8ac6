// What is told page by page comes to the same as what is told at once, and each page fits a frame.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Pages,
  deltaPages,
  entriesOf,
  helloPages,
  openingPages,
  pagesLimit,
} from '#contract/pages.ts';
import { Delta, FromControl, frameLimit } from '#contract/wire.ts';
import type { Hello, OutputState, Snapshot, Stopped, TagState } from '#contract/wire.ts';
import { delta, good, hello, snapshot } from '#test/unit/hmi/messages.ts';

const bytes = (message: unknown): number =>
  new TextEncoder().encode(JSON.stringify(message)).length;
const named = <Value>(count: number, value: (index: number) => Value): Record<string, Value> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`tag.n${index}`, value(index)]));

/** The whole messages that the pages come to. */
function joined(messages: Iterable<FromControl>): FromControl[] {
  const pages = new Pages();
  return [...messages].flatMap((message) => pages.take(message) ?? []);
}

const large = (count: number): Hello => ({
  ...hello(),
  tags: Array.from({ length: count }, (_, index) => ({
    name: `tag.n${index}`,
    kind: 'input',
    type: 'real',
    device: 'io',
    place: `holding ${index}`,
    title: 'Temperatur über dem Lager 温度',
  })),
});

describe('20,000 tags', () => {
  const picture = snapshot(7, {
    tags: named(20_000, (index) => good(index)),
    outputs: named(2000, (index): OutputState => ({
      v: index,
      asked: index,
      by: 'flow',
      write: 'confirmed',
    })),
  });
  const stopped: Stopped = {
    type: 'stopped',
    flow: 'press',
    transition: 'E1',
    from: 'unit.Execute',
    to: 'unit.Idle',
    at: 1,
    terms: [],
    values: {},
  };
  const opening = [large(20_000), picture, stopped];

  test('come whole out of their pages, each of which a frame holds and the protocol knows', () => {
    const pages = [...openingPages(opening)];
    expect(pages.length).toBeGreaterThan(10);
    for (const page of pages) {
      expect(bytes(page)).toBeLessThan(frameLimit);
      expect(FromControl.safeParse(page).success).toBe(true);
    }
    expect(joined(pages)).toEqual(opening);
  });

  test('of which each changed at once come as one delta', () => {
    const change = delta(9, {
      from: 4,
      tags: picture.tags,
      outputs: picture.outputs,
      alarms: { x: null },
    });
    const pages = [...deltaPages(change)];
    expect(pages.length).toBeGreaterThan(5);
    for (const page of pages) {
      expect(bytes(page)).toBeLessThan(frameLimit);
      expect(Delta.safeParse(page).success).toBe(true);
    }
    expect(joined(pages)).toEqual([change]);
  });
});

test('what fits one frame is told as it always was', () => {
  expect([...helloPages(hello())]).toEqual([hello()]);
  expect([...openingPages([snapshot(3)])]).toEqual([snapshot(3)]);
  const change = delta(4, { tags: { force: good(1) } });
  expect([...deltaPages(change)][0]).toBe(change);
});

test('strings of any characters fit their frames', () => {
  const text = fc.oneof(
    fc.constantFrom('\u0000', '\ud800', '\u{10ffff}', '"', 'a', '한').map((one) => one.repeat(256)),
    fc.string({ unit: 'binary', maxLength: 256 }),
  );
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (texts) => {
      const tags = named(4000, (index): TagState => good(texts[index % texts.length] ?? ''));
      const change = delta(1, { tags });
      const pages = [...deltaPages(change)];
      expect(Math.max(...pages.map(bytes))).toBeLessThan(frameLimit);
      expect(joined(pages)).toEqual([change]);
    }),
    { seed: 3, numRuns: 20 },
  );
});

test('alarms, flows and devices are told page by page as tags are', () => {
  const alarms = named(3000, (raised): Snapshot['alarms'][string] => ({
    state: 'returned',
    priority: 3,
    text: 'A text that says what is wrong and where '.repeat(4),
    raised,
  }));
  const picture = snapshot(1, { alarms });
  const pages = [...openingPages([picture])];
  expect(pages.length).toBeGreaterThan(1);
  expect(joined(pages)).toEqual([picture]);
  expect([...entriesOf(picture)]).toHaveLength(3000 + 2 + 1);
});

describe('whoever joins pages', () => {
  const [first, second] = [...helloPages(large(9000))];

  test('gives nothing before the last, and other messages at once', () => {
    const pages = new Pages();
    const receipt = { type: 'receipt', id: 'act-00000001', result: 'accepted' } as const;
    expect(first && pages.take(first)).toBeUndefined();
    expect(pages.take(receipt)).toBe(receipt);
    expect(second?.more).toBe(true);
    expect(second && pages.take(second)).toBeUndefined();
    expect(pages.take({ type: 'tags', tags: [] })).toMatchObject({ type: 'hello' });
  });

  test('drops pages that belong to nothing', () => {
    const pages = new Pages();
    expect(second && pages.take(second)).toBeUndefined();
    expect(pages.take({ type: 'tags', tags: [] })).toBeUndefined();
  });

  test('begins anew with a greeting or a picture that begins', () => {
    const pages = new Pages();
    if (first !== undefined) pages.take(first);
    expect(pages.take(hello(2))).toEqual(hello(2));
    expect(pages.take({ ...snapshot(1), more: true })).toBeUndefined();
    expect(pages.take(snapshot(2))).toEqual(snapshot(2));
    expect(pages.take(delta(3))).toEqual(delta(3));
  });

  test('keeps no message that does not end', () => {
    const pages = new Pages();
    pages.take({ ...hello(), more: true });
    const page = { type: 'tags', tags: [], more: true } as const;
    for (let count = 0; count < pagesLimit; count += 1) pages.take(page);
    expect(pages.take({ type: 'tags', tags: [] })).toBeUndefined();
    expect(pages.take(hello())).toEqual(hello());
  });
});
