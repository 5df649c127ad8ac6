// Where a tag comes from is said in the manifest and nowhere else: on a machine that is wired otherwise, the same flow
// makes parts with tags that come from another device and by another protocol.
import { expect, test } from 'vitest';
import { TestCell } from './test-cell.ts';

type Edit = readonly [from: RegExp | string, to: string];

const edited =
  (edits: readonly Edit[]) =>
  (text: string): string =>
    edits.reduce((now, [from, to]) => {
      const next = now.replace(from, to);
      if (next === now) throw new Error(`nothing is ${String(from)}`);
      return next;
    }, text);

const noGauge: Edit = [/^ {2}gauge:[^]*?(?=^ {2}scanner:)/m, ''];
const scale = 'scale: {raw: [0, 27648], to: [0, 12]}';

/** The clamp's pressure at the remote I/O and no gauge, the coolant's flow at the CNC. */
const manifest: readonly Edit[] = [
  noGauge,
  [
    /(clamp\.pressure: +)\{.*\}/,
    `$1{device: io, at: {input: 21, as: u16}, ${scale}, deadband: 0.1}`,
  ],
  [/(coolant\.flow: +)\{.*\}/, '$1{device: plc, at: {node: "s=Coolant.Flow"}, deadband: 0.25}'],
];
const plant: readonly Edit[] = [
  noGauge,
  [/coolant\.flow: .*/, `clamp.pressure: {input: 21, as: u16, ${scale}}`],
  ['      cnc.ready: ', '      coolant.flow: {node: s=Coolant.Flow, as: real}\n      cnc.ready: '],
];

const good = (tag: string, device: string): unknown =>
  expect.objectContaining({ tag, device, quality: 'good' });

test('clamp pressure by Modbus instead of a serial line, coolant flow by OPC UA instead of Modbus: a part is made', async () => {
  await using cell = await TestCell.start({
    calm: {},
    edit: edited(manifest),
    plant: edited(plant),
  });
  expect(Object.keys((await cell.now())?.devices ?? {})).toEqual(['io', 'plc', 'scanner']);
  await cell.produce();
  await cell.madePart();
  expect(cell.tags()).toEqual(
    expect.arrayContaining([good('clamp.pressure', 'io'), good('coolant.flow', 'plc')]),
  );
  await cell.stopCell();
  expect(cell.rebe('replay').stdout).toContain('identical at every scan');
}, 150_000);
