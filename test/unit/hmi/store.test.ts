// The page's picture of the cell: merged at once, shown in flushes, numbers at four a second.
import { describe, expect, test } from 'vitest';
import { deltaPages, openingPages } from '#contract/pages.ts';
import { CellStore, numberPace_ms } from '#hmi/feed/store.ts';
import { delta, good, hello, link, snapshot } from './messages.ts';

function opened(): CellStore {
  const store = new CellStore();
  for (const message of [link(), hello(), snapshot(1)]) store.take(message);
  store.publish(0);
  return store;
}

describe('the store', () => {
  test('shows nothing before it is published, and all of it at once', () => {
    const store = new CellStore();
    const force = store.tag('force');
    store.take(hello());
    store.take(snapshot(1));
    expect([store.hello.value, force.value, store.flows.value]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(store.publish(0)).toBe(1);
    expect(store.hello.value?.title).toBe('Press 1');
    expect(force.value?.v).toBe(4.2);
    expect(store.flows.value?.['press']?.ctx).toEqual({ parts: 3 });
  });

  test('repaints a number at most every 250 ms, and its newest value then', () => {
    const store = opened();
    const force = store.tag('force');
    store.take(delta(2, { tags: { force: good(5) } }));
    store.publish(100);
    expect(force.value?.v).toBe(4.2);
    store.take(delta(3, { tags: { force: good(6) } }));
    store.publish(numberPace_ms);
    expect(force.value?.v).toBe(6);
  });

  test('shows a switch, and a number whose quality changed, at once', () => {
    const store = opened();
    const shut = store.tag('guard.shut');
    const force = store.tag('force');
    const bad = { v: 5, s: 0x800a0000, t: 1 };
    store.take(delta(2, { tags: { 'guard.shut': good(false), force: bad } }));
    store.publish(10);
    expect(shut.value?.v).toBe(false);
    expect(force.value).toEqual(bad);
  });

  test('leaves signals alone that did not change', () => {
    const store = opened();
    const before = store.alarms.value;
    store.take(delta(2, { tags: { force: good(5) } }));
    store.publish(1000);
    expect(store.alarms.value).toBe(before);
  });

  test('asks for a new picture when frames are missing, and keeps the old one', () => {
    const store = opened();
    expect(store.take(delta(3, { tags: { force: good(9) } }))).toBe(false);
    store.publish(1000);
    expect(store.tag('force').value?.v).toBe(4.2);
    expect(store.take(delta(4, { from: 2, tags: { force: good(9) } }))).toBe(true);
  });

  test('is not whole from a loss of the connection to the next picture', () => {
    const store = opened();
    expect(store.whole).toBe(true);
    store.disconnected();
    store.take(link());
    store.take(hello());
    expect(store.whole).toBe(false);
    store.take(snapshot(7));
    expect(store.whole).toBe(true);
  });

  test('after an outage shows the new picture, not a mixture with the old', () => {
    const store = opened();
    store.disconnected();
    store.take(hello());
    store.take(snapshot(9, { tags: { 'guard.shut': good(false) } }));
    store.publish(1);
    expect(store.tag('force').value).toBeUndefined();
    expect(store.tag('guard.shut').value?.v).toBe(false);
  });

  test('says that control was restarted when its boot is another, and only then', () => {
    const store = opened();
    store.take(hello(1));
    store.publish(1);
    expect(store.restarted.value).toBeUndefined();
    store.take(link({ time: 1_234 }));
    store.take(hello(2));
    store.publish(2);
    expect(store.restarted.value).toBe(1_234);
  });

  test('forgets why flows waited when control is another', () => {
    const store = opened();
    store.take({ type: 'why', flow: 'press', frame: 1, candidates: [], commands: [] });
    store.publish(1);
    expect(store.whys.value['press']?.at).toBe(1_000_020);
    store.take(hello(2));
    store.publish(2);
    expect(store.whys.value).toEqual({});
  });
});

describe('a cell of 20,000 tags, told page by page', () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `t${index}`);
  const tags = Object.fromEntries(names.map((name, index) => [name, good(index)]));
  const greeting = (boot: number) => ({
    ...hello(boot),
    tags: names.map(
      (name) => ({ name, kind: 'input', type: 'int', title: `Tag ${name}` }) as const,
    ),
  });
  const opening = (boot: number, frame: number) => [
    ...openingPages([greeting(boot), snapshot(frame, { tags })]),
  ];

  test('is shown when the last page is there, whole', () => {
    const store = new CellStore();
    store.take(link());
    const pages = opening(1, 5);
    expect(pages.length).toBeGreaterThan(8);
    for (const page of pages) {
      expect(store.whole).toBe(false);
      expect(store.publish(0)).toBeUndefined();
      expect(store.take(page)).toBe(true);
    }
    expect(store.whole).toBe(true);
    expect(store.publish(0)).toBe(5);
    expect(store.info('t19999')?.title).toBe('Tag t19999');
    expect(store.tag('t19999').value).toEqual(good(19_999));
    expect(store.take(delta(6, { tags: { t7: good(-7) } }))).toBe(true);
    store.publish(1000);
    expect(store.tag('t7').value).toEqual(good(-7));
  });

  test('is not live between the first page of another picture and its last', () => {
    const store = opened();
    const pages = opening(2, 9);
    for (const page of pages) {
      store.take(page);
      expect(store.whole).toBe(page === pages.at(-1));
    }
    store.publish(0);
    expect(store.tag('force').value).toBeUndefined();
  });

  test('that is cut off in the middle leaves nothing to the connection after it', () => {
    const store = new CellStore();
    for (const page of opening(1, 5).slice(0, -1)) store.take(page);
    store.disconnected();
    store.take(hello());
    expect(store.take(delta(6, { tags }))).toBe(false);
    store.take(snapshot(7));
    store.publish(0);
    expect(store.tag('t3').value).toBeUndefined();
    expect(store.tag('force').value?.v).toBe(4.2);
  });

  test('of which every tag changed at once is one frame', () => {
    const store = new CellStore();
    for (const page of opening(1, 5)) store.take(page);
    const more = Object.fromEntries(names.map((name) => [name, good(1)]));
    const pages = [...deltaPages(delta(6, { tags: more }))];
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages.slice(0, -1)) store.take(page);
    expect(store.publish(1000)).toBe(5);
    expect(store.tag('t19999').value).toEqual(good(19_999));
    for (const page of pages.slice(-1)) expect(store.take(page)).toBe(true);
    expect(store.publish(2000)).toBe(6);
    expect(store.tag('t19999').value).toEqual(good(1));
  });
});
