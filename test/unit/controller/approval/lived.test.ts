// Windows of approvals while somebody sets the date: within one life of station it lengthens none and revives none.
import { expect, test } from 'vitest';
import { Bench, ann, bob, carl, codeOf } from './rig.ts';

const hour = 3_600_000;

test('a date that is set back lengthens nothing', async () => {
  using bench = new Bench();
  const approved = await bench.approved({ notAfter: bench.clock.time() + hour });
  bench.clock.setDate(-hour);
  expect(await bench.use(approved, { by: 'user:bob' })).toBe('E_APPROVAL_ALTERED');
  bench.clock.advance(hour - 1);
  expect(bench.approvals.find(approved.request.id)?.state).toBe('approved');
  bench.clock.advance(1);
  expect(await bench.use(approved)).toBe('E_APPROVAL_EXPIRED');
  await expect.poll(() => bench.changes.at(-1)).toBe('expired');
});

test('what is over by the date stays over when the date is set back, before anybody looked', async () => {
  using bench = new Bench();
  const approved = await bench.approved();
  bench.clock.setDate(hour);
  expect(await bench.use(approved)).toBe('E_APPROVAL_EXPIRED');
  bench.clock.advance(5000);
  await expect.poll(() => bench.changes.at(-1)).toBe('expired');
  bench.clock.setDate(-hour);
  expect(await bench.use(approved)).toBe('E_APPROVAL_EXPIRED');
  bench.again();
  expect(await bench.use(approved)).toBe('E_APPROVAL_EXPIRED');
});

test('a window does not open because the date was set onwards', async () => {
  using bench = new Bench();
  const now = bench.clock.time();
  const window = { notBefore: now + hour, notAfter: now + 3 * hour };
  const approved = await bench.approved(window);
  bench.clock.setDate(hour);
  expect(await bench.use(approved)).toBe('E_APPROVAL_EARLY');
  bench.clock.advance(hour);
  expect(await bench.use(approved)).toBeUndefined();
});

test('nobody says yes or no to what is over by either clock', async () => {
  using bench = new Bench();
  const asked = await bench.ask(ann);
  bench.clock.setDate(-hour);
  bench.clock.advance(600_000);
  expect(await codeOf(bench.yes(bob, asked))).toBe('E_APPROVAL_EXPIRED');
  expect(await codeOf(bench.approvals.deny(carl, asked.request.id, 'late'))).toBe(
    'E_APPROVAL_EXPIRED',
  );
});

test('a date that is set while one is asked for counts from the asking', async () => {
  using bench = new Bench();
  bench.meanwhile = () => {
    bench.meanwhile = () => undefined;
    bench.clock.setDate(-hour);
  };
  const approved = await bench.approved();
  bench.clock.advance(600_000);
  expect(await bench.use(approved)).toBe('E_APPROVAL_EXPIRED');
});

test('what was asked for after the date was set is good for as long as was said', async () => {
  using bench = new Bench();
  bench.clock.setDate(-hour);
  const first = await bench.approved();
  bench.clock.advance(599_999);
  expect(await bench.use(first)).toBeUndefined();
  bench.clock.setDate(2 * hour);
  const second = await bench.approved();
  bench.clock.advance(599_999);
  expect(await bench.use(second)).toBeUndefined();
});

test('after a restart the date alone is judged by', async () => {
  using bench = new Bench();
  const approved = await bench.approved({ uses: 2 });
  bench.clock.setDate(-hour);
  bench.again();
  expect(await bench.use(approved)).toBe('E_APPROVAL_EARLY');
  bench.clock.setDate(hour);
  bench.again();
  expect(await bench.use(approved)).toBeUndefined();
  bench.clock.setDate(600_000);
  bench.again();
  expect(await bench.use(approved)).toBe('E_APPROVAL_EXPIRED');
});
