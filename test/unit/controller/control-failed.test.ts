// An invariant that breaks: outputs go safe, the record says so where it can, and the process is to end.
import { expect, test } from 'vitest';
import { FaultBody } from '#contract/entry.ts';
import { milliseconds } from '#contract/time.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { CellFolder, ControlRig } from './control-rig.ts';

const faults = (folder: CellFolder): string[] =>
  folder
    .entries()
    .filter(({ kind }) => kind === 'fault')
    .map((entry) => FaultBody.parse(readBody(entry)))
    .map(({ code, text }) => `${code} ${text}`);

async function busy(folder: CellFolder): Promise<ControlRig> {
  const rig = await ControlRig.start(folder);
  rig.give({ part: true });
  rig.command('start');
  await rig.pass(100);
  expect(rig.told('motor')).toBe(true);
  return rig;
}

test('outputs go safe, no scan follows, and the first of several failures is recorded', async () => {
  using folder = new CellFolder();
  const rig = await busy(folder);
  const error = new Error('the image is torn');
  rig.control.failed(error);
  const { count } = rig.parts.loop.figures();
  rig.control.failed(new Error('and so is the rest'));
  await rig.pass(200);
  expect([rig.told('motor'), rig.told('speed')]).toEqual([false, 0]);
  expect(rig.parts.loop.figures().count).toBe(count);
  expect(rig.failures).toEqual([error]);
  expect(faults(folder)).toEqual(['E_INTERNAL the image is torn']);
  rig.kill();
});

test('what is no error is told as text', async () => {
  using folder = new CellFolder();
  const rig = await busy(folder);
  rig.control.failed('a word');
  await rig.pass(50);
  expect(faults(folder)).toEqual(['E_INTERNAL a word']);
  rig.kill();
});

test('outputs go safe and the process ends where the record takes nothing more', async () => {
  using folder = new CellFolder();
  const rig = await busy(folder);
  void rig.parts.chronicle.close(milliseconds(10));
  rig.control.failed(new Error('late'));
  await rig.pass(100);
  expect(rig.told('motor')).toBe(false);
  expect(rig.failures).toHaveLength(1);
  rig.kill();
});

test('after an orderly end a failure is told, and breaks nothing more', async () => {
  using folder = new CellFolder();
  const rig = await busy(folder);
  await rig.stop();
  const before = folder.entries().length;
  rig.control.failed(new Error('after the end'));
  expect(rig.failures).toHaveLength(1);
  expect(folder.entries()).toHaveLength(before);
});
