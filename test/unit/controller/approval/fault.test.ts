// A disk that fails at the n-th call, for every n, once and for good: nothing is used more often than approved,
// nothing that was denied is used, and whoever asks is told.
import { expect, test } from 'vitest';
import { openDatabase } from '#controller/approval/store.ts';
import { FailingDisk } from '#test/unit/controller/history/failing-database.ts';
import type { FaultPlan } from '#test/unit/controller/history/failing-database.ts';
import { Bench, ann, bob, carl, force } from './rig.ts';

const plans = (['before', 'after'] as const).flatMap((when) =>
  [false, true].map((forever) => ({ when, forever })),
);

test.each(plans)('whatever call fails ($when, for good: $forever)', async (plan) => {
  let nth = 1;
  // oxlint-disable-next-line no-await-in-loop -- one disk after another
  while (await survives({ ...plan, nth })) nth += 1;
  expect(nth).toBeGreaterThan(8);
});

/** One life with this disk; false when the disk did not come to its fault. */
async function survives(plan: FaultPlan): Promise<boolean> {
  const disk = new FailingDisk(plan, openDatabase);
  using bench = new Bench(disk.open);
  const ids = await story(bench);
  disk.mended = true;
  bench.clock.advance(10_000);
  await new Promise((done) => setImmediate(done));
  expect(await uses(bench, ids), `nth ${plan.nth}`).toBeLessThanOrEqual(1);
  bench.again();
  expect(await uses(bench, ids), `nth ${plan.nth}, after a restart`).toBeLessThanOrEqual(1);
  const used = bench.events.filter(({ change }) => change === 'used');
  expect(used.length, `nth ${plan.nth}`).toBeLessThanOrEqual(1);
  return disk.hit;
}

const done: string[] = [];

/** One that is used, and one that is denied; what the disk refuses has the store's code. */
async function story(bench: Bench): Promise<{ used?: string; denied?: string }> {
  done.length = 0;
  const ids: { used?: string; denied?: string } = {};
  const tries: (() => Promise<unknown>)[] = [
    async () => {
      ids.used = (await bench.ask(ann)).request.id;
    },
    async () => bench.yes(bob, bench.approvals.list()[0] ?? (await bench.ask(ann))),
    () => use(bench, ids.used),
    async () => {
      const denied = await bench.yes(bob, await bench.ask(ann));
      ids.denied = denied.request.id;
      await bench.approvals.deny(carl, denied.request.id, 'no');
    },
    () => use(bench, ids.denied),
  ];
  for (const attempt of tries) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await attempt().catch((error: unknown) =>
      expect(error).toMatchObject({ code: 'E_APPROVAL_STORE' }),
    );
  }
  return ids;
}

async function use(bench: Bench, id: string | undefined): Promise<void> {
  if (id === undefined) return;
  const code = await bench.approvals.use(id, { kind: 'act', what: force, by: 'user:ann' });
  if (code === undefined) done.push(id);
}

/** How often anything was done, this life and now; what was denied never. */
async function uses(bench: Bench, ids: { used?: string; denied?: string }): Promise<number> {
  await use(bench, ids.used);
  await use(bench, ids.denied);
  expect(done).not.toContain(ids.denied);
  return done.length;
}
