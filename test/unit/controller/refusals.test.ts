// A flood of what is refused at control's door: its beginning is recorded, and how much there was.
import { expect, test } from 'vitest';
import { ActBody, FaultBody } from '#contract/entry.ts';
import type { FromControl } from '#contract/wire.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { Refusals } from '#controller/refusals.ts';
import type { WirePeer } from '#controller/wire/server.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';

/** Refused acts in the record, and what its faults at the door say. */
function recorded(folder: CellFolder): { acts: number; faults: { code: string; text: string }[] } {
  const entries = folder.entries();
  const acts = entries
    .filter(({ kind }) => kind === 'act')
    .map((one) => ActBody.parse(readBody(one)));
  const faults = entries
    .filter(({ kind }) => kind === 'fault')
    .map((one) => FaultBody.parse(readBody(one)));
  return { acts: acts.filter(({ result }) => result === 'refused').length, faults };
}

test('every refused act is answered; of a flood the first are recorded, and how many were not', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  for (let count = 0; count < 1000; count += 1) rig.act('command', { flow: 'none', name: 'x' });
  expect(
    rig.answers.filter((one) => one.type === 'receipt' && one.result === 'refused'),
  ).toHaveLength(1000);
  await rig.pass(1000, 20);
  expect(recorded(folder)).toEqual({ acts: 100, faults: [] });
  await rig.pass(10_000, 50);
  expect(recorded(folder).faults).toEqual([
    {
      code: 'E_DOOR_FLOOD',
      text: '900 refusals are not recorded one by one',
      context: { door: 'control.sock' },
    },
  ]);
  rig.act('command', { flow: 'none', name: 'x' });
  await rig.pass(100);
  expect(recorded(folder).acts).toBe(101);
  rig.kill();
});

test('broken frames are paced with them, and what was left out is told at an orderly end', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  for (let count = 0; count < 150; count += 1) rig.control.refused('E_DOOR_FRAME', 'no frame');
  await rig.stop();
  const codes = recorded(folder).faults.map(({ code }) => code);
  expect(codes.filter((code) => code === 'E_DOOR_FRAME')).toHaveLength(100);
  expect(codes.at(-1)).toBe('E_DOOR_FLOOD');
});

test('what was accepted is recorded however much was refused', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  for (let count = 0; count < 300; count += 1) rig.act('command', { flow: 'none', name: 'x' });
  const id = rig.command('stop');
  await rig.pass(100);
  expect(rig.done(id)).toMatchObject({ outcome: 'ignored in unit.Idle' });
  rig.kill();
});

test('refusals that a client tells of have no more room; a sign-in is always recorded', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  const heard: FromControl[] = [];
  // The part of a peer that control uses.
  const peer = { feed: false, waiting: 0, send: (one: FromControl) => heard.push(one) };
  const tell = (index: number, event: 'refused' | 'signed-in'): void => {
    const id = `record-${String(index).padStart(8, '0')}`;
    const record = { type: 'record', id, actor: 'console:ann', kind: 'session' } as const;
    rig.control.message(peer as unknown as WirePeer, { ...record, body: { event, text: 'x' } });
  };
  for (let index = 0; index < 250; index += 1) tell(index, 'refused');
  tell(250, 'signed-in');
  await rig.pass(100);
  const receipts = heard.filter((one) => one.type === 'receipt');
  expect(receipts.filter(({ result }) => result === 'accepted')).toHaveLength(101);
  expect(receipts.filter(({ code }) => code === 'E_ACT_RATE')).toHaveLength(150);
  expect(folder.entries().filter(({ kind }) => kind === 'session')).toHaveLength(101);
  rig.kill();
});

test('five a second go through after a flood, and each flood is told once', () => {
  const clock = new HandClock();
  const told: number[] = [];
  const refusals = new Refusals(clock, (left) => void told.push(left));
  const take = (count: number): number =>
    Array.from({ length: count }, () => refusals.take()).filter(Boolean).length;
  expect(take(250)).toBe(100);
  clock.advance(9999);
  expect(take(250)).toBe(49);
  expect(told).toEqual([]);
  clock.advance(1);
  expect(told).toEqual([351]);
  clock.advance(60_000);
  expect(told).toEqual([351]);
  expect(clock.waiting).toBe(0);
});
