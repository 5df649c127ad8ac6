// Where shells may be is held against the flows that are there: a place that cannot be reached is an error, not a surprise.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileFlows } from '#flows/compile-flows.ts';
import { linkCell } from '#flows/link.ts';
import { readManifest } from '#flows/manifest.ts';

const manifest = readFileSync('flows/lamp/cell.yaml', 'utf8');
const file = 'lamp.flow.yaml';
const lamp = readFileSync(`flows/lamp/${file}`, 'utf8');
const { flows } = compileFlows(new Map([['lamp', { file, text: lamp }]]));

function found(shell: string): string[] {
  const read = readManifest('cell.yaml', `${manifest}\nshell: ${shell}\n`);
  expect(read.diagnostics).toEqual([]);
  if (read.manifest === undefined) return [];
  const { place } = read;
  return linkCell(read.manifest, flows, { file: 'cell.yaml', place }).diagnostics.map(
    ({ code, text }) => `${code} ${text}`,
  );
}

describe('a place of shells', () => {
  it.each([
    ['{where: {lamp: {in: [light.Waiting], rest: true}}}', []],
    ['{T3: {where: {lamp: {rest: true}}}}', []],
    ['{T2: {where: {lmp: {rest: true}}}}', ['E_MANIFEST_REFERENCE the cell has no flow `lmp`']],
    [
      '{where: {lamp: {in: [light.Waiting, mode.Manual]}}}',
      ['E_MANIFEST_REFERENCE flow `lamp` has no state `mode.Manual`'],
    ],
  ])('%s', (shell, wrong) => {
    expect(found(shell)).toEqual(wrong);
  });
});
