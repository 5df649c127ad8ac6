// Forces at control's door: on outputs only where the machine is worked by hand, for long only with a second person,
// with a warning before their end, gone with the machine's mode and with a restart.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ActBody } from '#contract/entry.ts';
import { present } from '#contract/error.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { replayChronicle } from '#controller/replay/replay.ts';
import { machine } from '#test/flow/machine-flow.ts';
import { CellFolder, ControlRig } from './control-rig.ts';

/** The machine with a mode that people choose. */
const withMode = machine
  .replace('outputs:', '  manual: {role: operator}\n  automatic: {role: operator}\noutputs:')
  .replace(
    'regions:',
    `regions:
  mode:
    initial: Automatic
    states:
      Automatic: {rest: true, go: [{id: M1, when: cmd.manual, to: Manual}]}
      Manual: {rest: true, go: [{id: M2, when: cmd.automatic, to: Automatic}]}`,
  );
const options = { machine: withMode };
const force = (tag: string, value: unknown, for_ms = 120_000) =>
  ({ tag, value, for_ms, reason: 'to see' }) as Parameters<ControlRig['act']>[1];
const approval = 'ap-0123456789abcdef';

const start = (folder: CellFolder): Promise<ControlRig> => ControlRig.start(folder, options);

async function manual(rig: ControlRig): Promise<void> {
  rig.command('manual');
  await rig.pass(30);
  expect(rig.state('mode')).toBe('mode.Manual');
}

/** Bodies of the acts in the record, with their actors. */
const acts = (folder: CellFolder) =>
  folder.entries().flatMap((entry) => {
    if (entry.kind !== 'act') return [];
    return [{ actor: entry.actor, ...ActBody.parse(readBody(entry)) }];
  });

test('an output is forced by hand only, where its flow knows such a mode; an input at any time', async () => {
  using folder = new CellFolder();
  const rig = await start(folder);
  const refused = rig.act('force', force('motor', true));
  const input = rig.act('force', force('part', true));
  const elsewhere = rig.act('force', force('horn', true));
  await rig.pass(30);
  expect(rig.receipt(refused)).toMatchObject({ result: 'refused', code: 'E_ACT_WHERE' });
  expect(rig.receipt(refused)?.reason).toContain('machine is not in mode.Manual');
  for (const id of [input, elsewhere]) expect(rig.done(id)?.outcome).toBe('done');
  await manual(rig);
  const taken = rig.act('force', force('motor', true));
  await rig.pass(30);
  expect(rig.done(taken)?.outcome).toBe('done');
  expect(rig.picture().forces).toMatchObject({ motor: { actor: 'console:ann', reason: 'to see' } });
  rig.kill();
});

test('an output for more than 10 min needs another person, and the record says which yes', async () => {
  using folder = new CellFolder();
  const rig = await start(folder);
  await manual(rig);
  const alone = rig.act('force', force('motor', true, 600_001));
  const short = rig.act('force', force('lamp', 'green', 600_000));
  const input = rig.act('force', force('part', true, 3_600_000));
  const both = rig.act('force', force('speed', 3, 600_001), { approval });
  await rig.pass(30);
  expect(rig.receipt(alone)).toMatchObject({ result: 'refused', code: 'E_ACT_APPROVAL' });
  for (const id of [short, input, both]) expect(rig.done(id)?.outcome).toBe('done');
  rig.kill();
  const told = acts(folder).filter(({ verb }) => verb === 'force');
  expect(told.map(({ args, approval: said }) => [args['tag'], said])).toEqual([
    ['motor', undefined],
    ['lamp', undefined],
    ['part', undefined],
    ['speed', approval],
  ]);
});

test('a force on an output ends when its flow goes on by itself, and that replays', async () => {
  using folder = new CellFolder();
  const rig = await start(folder);
  await manual(rig);
  rig.act('force', force('motor', true));
  rig.act('force', force('part', true));
  rig.act('force', force('horn', true));
  await rig.pass(30);
  rig.command('automatic');
  await rig.pass(60);
  expect(Object.keys(rig.picture().forces).toSorted()).toEqual(['horn', 'part']);
  expect(rig.picture().outputs['motor']).toMatchObject({ v: false, by: 'flow' });
  await rig.stop();
  const end = acts(folder).find(({ verb }) => verb === 'unforce');
  expect(end).toMatchObject({ actor: 'flow:machine', args: { tag: 'motor' }, outcome: 'done' });
  expect(end?.args['reason']).toContain('machine is not in mode.Manual');
  const reader = openReader(join(folder.data, 'chronicle.db'));
  for await (const { difference } of replayChronicle(reader, { engines: 'table' }))
    expect(difference).toBeUndefined();
  reader.close();
});

test('a force that is taken in the very scan in which its flow goes on ends with the next', async () => {
  using folder = new CellFolder();
  const rig = await start(folder);
  await manual(rig);
  rig.command('automatic');
  const forced = rig.act('force', force('motor', true));
  await rig.pass(60);
  expect(rig.receipt(forced)).toMatchObject({ result: 'accepted' });
  expect(rig.state('mode')).toBe('mode.Automatic');
  expect(rig.picture().forces).toEqual({});
  rig.kill();
});

test('a minute before its end a force warns, in the scan’s own time', async () => {
  using folder = new CellFolder();
  const rig = await start(folder);
  rig.act('force', force('part', true, 61_000));
  await rig.pass(20);
  expect(rig.control.standing()['force.part']).toBeUndefined();
  await rig.pass(1100, 20);
  expect(rig.control.standing()['force.part']).toMatchObject({
    priority: 3,
    state: 'unacknowledged',
  });
  const alarm = folder.entries().find(({ kind }) => kind === 'alarm');
  expect(present(alarm, 'the warning').scan).not.toBeNull();
  rig.kill();
});

test('no force outlives control', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder, { ...options, restart: 'hot' });
  await manual(rig);
  rig.act('force', force('motor', true));
  rig.act('force', force('part', true));
  await rig.pass(30);
  rig.kill();
  const next = await ControlRig.start(folder, { ...options, restart: 'hot' });
  expect(next.picture().forces).toEqual({});
  next.kill();
});
