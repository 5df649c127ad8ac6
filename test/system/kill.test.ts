// `kill -9` of control, and power cuts, at random moments of its work with all four devices: the record stays whole,
// re-executes identically, and explains everything that reached the machine. Seeded; `SEED=n` runs another. Long: CI has
// some deaths of each kind in soak.test.ts, with the same verdicts.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chance, soak, testSeed } from './chance.ts';
import { causeless, receivedBy } from './record.ts';
import { TestCell, runRebe, until } from './test-cell.ts';

/** Every third is a power cut. */
const kills = 50;
/** What a part takes, ms. */
const partTime = 12_000;

test.runIf(soak)(
  `control killed ${kills} times at work (SEED=${testSeed})`,
  async () => {
    const random = chance(testSeed);
    await using cell = await TestCell.start({ calm: {}, disk: () => undefined });
    for (let kill = 1; kill <= kills; kill += 1) {
      // oxlint-disable no-await-in-loop -- one life of control after the other
      await toWork(cell);
      await new Promise((done) => setTimeout(done, random() * partTime));
      if (kill % 3 > 0) process.kill(cell.pidOf('control'), 'SIGKILL');
      else {
        await cell.cutPower();
        cell.startCell();
      }
      await cell.up(kill + 1);
      await until('the flow goes on, by itself or resumed', 20_000, async () => {
        // A machine that is too busy to confirm its outputs in time leaves it to a person.
        if ((await cell.now())?.flows['tending']?.stepped === true) return true;
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
    expect(causeless(cell.data, cell.machine)).toEqual([]);
    // Both devices that are written to were: the machine moved by Modbus, the CNC was asked by OPC UA.
    const moved = receivedBy(cell.machine).filter(({ means }) => means !== undefined);
    expect([...new Set(moved.map(({ device }) => device))].toSorted()).toEqual(['io', 'plc']);
  },
  kills * 60_000 + 60_000,
);

/** From wherever a kill left the machine back to making parts, as a person would. */
async function toWork(cell: TestCell): Promise<void> {
  await cell.reach('unit.Aborted');
  runRebe('fault', 'plant', 'take-part', '--data', cell.machine);
  await cell.produce();
}
