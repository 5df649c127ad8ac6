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

describe('what no site may loosen', () => {
  it.each([
    [
      '{T2: {approvals: 0}}',
      'approvals: nobody opens a shell of T2 before another person has said yes: 1 to 5',
    ],
    [
      '{T3: {approvals: 1}}',
      'approvals: nobody opens a shell of T3 before 2 others have said yes: 2 to 5',
    ],
    [
      '{T3: {approvals: 6}}',
      'approvals: nobody opens a shell of T3 before 2 others have said yes: 2 to 5',
    ],
    [
      '{T3: {presence: false}}',
      'presence: a shell of T3 runs only while a supervisor watches it: true',
    ],
    ['{T3: {longest: 31min}}', 'longest: a shell of T3 lasts 30min at most: 1min to that'],
    ['{T2: {longest: 25h}}', 'longest: a shell of T2 lasts 24h at most: 1min to that'],
    ['{T2: {longest: 0s}}', 'longest: a shell of T2 lasts 24h at most: 1min to that'],
    [
      '{on: true, T3: {on: true}}',
      'on: a full shell needs the place of the machine in which it may run',
    ],
    ['{on: true, T3: {on: true, where: {lamp: {}}}}', 'on: a full shell needs the place'],
  ])('%s is refused, with why and what may be', (shell, why) => {
    const { manifest: read, diagnostics } = readManifest(
      'cell.yaml',
      `${manifest}\nshell: ${shell}\n`,
    );
    expect(read).toBeUndefined();
    expect(diagnostics.map(({ code, text }) => `${code} ${text.replaceAll('`', '')}`)).toEqual([
      expect.stringContaining(`E_MANIFEST_FIELD ${why}`),
    ]);
  });

  it.each([
    '{T2: {presence: true, approvals: 3, longest: 24h}}',
    '{T3: {approvals: 4, longest: 10min, presence: true}}',
    '{T3: {on: true}}',
    '{on: true, where: {lamp: {rest: true}}, T3: {on: true}}',
    '{on: true, T3: {on: true, where: {lamp: {in: [light.Waiting]}}}}',
  ])('%s is stricter, or as strict', (shell) => {
    expect(readManifest('cell.yaml', `${manifest}\nshell: ${shell}\n`).diagnostics).toEqual([]);
  });
});
