// `kill -9` of control at random moments in the middle of machining: the record stays whole, re-executes
// identically, and explains everything that reached the machine. Seeded; `SEED=n` runs another.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chance, soak, testSeed } from './chance.ts';
import { causeless } from './record.ts';
import { TestCell, until } from './test-cell.ts';

/** 20 in the soak; a sample where time is short. */
const kills = soak ? 20 : 4;

test(`control killed ${kills} times in the middle of machining (SEED=${testSeed})`, async () => {
  const random = chance(testSeed);
  await using cell = await TestCell.start({
    edit: (text) => text.replace(/^scan:/m, 'chronicle: {stall: 10s}\nscan:'),
  });
  for (let kill = 1; kill <= kills; kill += 1) {
    // oxlint-disable no-await-in-loop -- one life of control after the other
    await toWork(cell);
    await cell.reach('unit.Execute.Machining', 60_000);
    await new Promise((done) => setTimeout(done, random() * 3000));
    const pid = cell.pidOf('control');
    process.kill(pid, 'SIGKILL');
    await cell.up(kill + 1);
    await until('the flow goes on, by itself or resumed', 10_000, () => {
      // A machine that is too busy to confirm its outputs within a second leaves it to a person.
      if (cell.status()?.flows['tending']?.stepped === true) return true;
      cell.rebe('resume', 'tending');
      return undefined;
    });
    // oxlint-enable no-await-in-loop
  }
  await cell.stopCell();
  const verified = cell.rebe('verify', '--keys', join(cell.data, 'keys', 'cell.pub'));
  expect(verified.stdout).toContain('The record is whole');
  expect(verified.code).toBe(0);
  const replayed = cell.rebe('replay');
  expect(replayed.stdout).toContain('identical at every scan');
  expect(causeless(cell.data)).toEqual([]);
}, 900_000);

/** From wherever a kill left the machine back to making parts, as a person would. */
async function toWork(cell: TestCell): Promise<void> {
  await cell.reach('unit.Aborted', 30_000);
  cell.rebe('fault', 'plant', 'take-part');
  await cell.produce();
}
