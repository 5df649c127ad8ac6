// What a replay says when it differs: the scan, what was recorded, what came out, and the terms of the
// transition that is to blame; and how acts stand in the record.
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '#contract/canonical.ts';
import { CellError, present } from '#contract/error.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { ScanAct } from '#flows/engine/scan.ts';
import { readAct, recordAct } from '#flows/replay/acts.ts';
import { differenceText } from '#flows/replay/difference.ts';
import { Replay, replay } from '#flows/replay/replay.ts';
import type { ReplayEntry } from '#flows/replay/replay.ts';
import { rigOf } from './cell-rig.ts';
import type { Rig } from './cell-rig.ts';
import { machine } from './machine-flow.ts';
import { Recorded } from './recorded.ts';

/** The machine, started at scan 12 and done at scan 23; then it rests. */
async function machined(text = machine): Promise<Recorded> {
  const recorded = new Recorded(await rigOf({ flows: { machine: text } }, false));
  const { rig } = recorded;
  recorded.scan({ tags: rig.rest() });
  for (let scan = 0; scan < 10; scan += 1) recorded.scan();
  recorded.scan({ tags: { part: true }, command: 'machine.start' });
  for (let scan = 0; scan < 10; scan += 1) recorded.scan();
  recorded.scan({ tags: { level: 55 } });
  for (let scan = 0; scan < 10; scan += 1) recorded.scan();
  return recorded;
}

describe('a difference', () => {
  test('of a changed guard names the scan, the transition and its terms', async () => {
    const { entries, start } = await machined();
    const other = await rigOf(
      { flows: { machine: machine.replace('level > param.limit', 'level > param.limit + 9.0') } },
      false,
    );
    const { difference } = replay(other.cell, start, entries);
    expect(difference).toMatchObject({
      scan: 23,
      now: 460,
      what: 'transitions',
      recorded: 'machine.U3',
      replayed: 'nothing',
    });
    const report = differenceText(present(difference, 'they differ'));
    expect(report).toContain('E_REPLAY_DIFFERS the replay differs at scan 23 (460 ms, entry ');
    expect(report).toContain('machine.U3, as replayed:');
    expect(report).toMatch(/false: level > param\.limit \+ 9.* \(level\)/);
  });

  test('of a changed timer is found in a scan that has no entry', async () => {
    const { entries, start } = await machined();
    const other = await rigOf(
      { flows: { machine: machine.replace('after: 1s', 'after: 100ms') } },
      false,
    );
    const { difference } = replay(other.cell, start, entries);
    expect(difference).toMatchObject({ scan: 17, now: 340, what: 'scans' });
    expect(difference?.replayed).toContain('machine.U4');
    expect(difference?.terms.join('\n')).toContain('true: after 100ms');
  });

  test('of a parameter set before the segment is found where it first matters', async () => {
    const { entries, start } = await machined();
    const other = await rigOf({ flows: { machine } }, false);
    const state = JSON.parse(canonicalJson(start.state));
    state.flows.machine.params.limit = 60;
    // The rolling hash knows it at the first scan with an entry.
    expect(replay(other.cell, { ...start, state }, entries).difference).toMatchObject({
      scan: 1,
      what: 'rolling',
    });
  });

  test('at the end of a segment names the first thing that differs', async () => {
    const recorded = await machined();
    const { rig, entries, start } = recorded;
    const next = recorded.open();
    expect(replay(rigAgain(rig), start, entries, next)).toEqual({
      scans: 33,
      recorded: 7,
      difference: undefined,
    });
    const state = JSON.parse(canonicalJson(next.state));
    state.flows.machine.ctx.count = 3;
    expect(replay(rigAgain(rig), start, entries, { ...next, state }).difference).toMatchObject({
      what: 'state',
      recorded: '/flows/machine/ctx/count = 3',
      replayed: '/flows/machine/ctx/count = 1',
    });
  });

  test('of a scan too few or too many is found', async () => {
    const recorded = await machined();
    const { rig, entries, start } = recorded;
    const next = recorded.open();
    const late = { ...next, scan: next.scan + 1 };
    expect(replay(rigAgain(rig), start, entries, late).difference?.what).toBe('scans');
    const at = entries.findIndex((entry) => entry.kind === 'scan' && entry.scan === 12);
    const gone = entries.toSpliced(at, 1);
    expect(replay(rigAgain(rig), start, gone, next).difference?.scan).toBeGreaterThan(12);
  });

  test('ends the replay: nothing is executed after it', async () => {
    const { rig, entries, start } = await machined();
    const cell = rigAgain(rig);
    const run = new Replay(cell, start);
    const [first, ...rest] = entries.filter((entry) => entry.kind === 'scan');
    const wrong = { ...first, record: { ...first?.record, outputs: [] } } as ReplayEntry;
    const difference = run.take(wrong);
    expect(difference?.what).toBe('outputs');
    for (const entry of rest) expect(run.take(entry)).toBe(difference);
    expect(cell.scan).toBe(1);
  });
});

/** A new cell of the same plan. */
const rigAgain = (rig: Rig): Cell => new Cell(rig.plan, rig.engines());

describe('an act in the record', () => {
  test('comes back as it was taken', async () => {
    const rig = await rigOf({
      flows: { machine },
      tags: {
        'part.code': { type: 'string', stale: '1s' },
        'part.id': { type: 'int', stale: '1s' },
      },
    });
    const acts: ScanAct[] = [
      rig.command('machine.start'),
      rig.force('motor', true, 500),
      rig.force('lamp', 'green', 500),
      rig.force('level', 12.5, 500),
      rig.force('part.code', '12', 500),
      rig.force('part.id', 2n ** 60n, 500),
      rig.unforce('motor'),
      rig.parameter('machine', 'limit', 33.5),
      rig.acknowledge('machine.interlock.x'),
      rig.resume('machine'),
    ];
    for (const act of acts) {
      const { verb, args } = JSON.parse(canonicalJson({ ...recordAct(rig.plan, act) }));
      expect(readAct(rig.plan, { id: act.id, actor: act.actor, verb, args })).toEqual(act);
    }
  });

  test.each([
    ['command', { flow: 'nobody', name: 'start' }],
    ['command', { flow: 'machine', name: 'fly' }],
    ['command', {}],
    ['force', { tag: 'motor', value: true, reason: 'x' }],
    ['force', { tag: 'moon', value: true, reason: 'x', until: 5 }],
    ['force', { tag: 'motor', value: [1], reason: 'x', until: 5 }],
    ['parameter', { flow: 'machine', name: 'limit', value: 'much' }],
    ['parameter', { flow: 'machine', name: 'limit', value: 5000 }],
    ['acknowledge', { alarm: 7 }],
    ['dance', {}],
  ])('that is no act of this cell is refused with a code: %s %o', async (verb, args) => {
    const rig = await rigOf({ flows: { machine } }, false);
    const read = () => readAct(rig.plan, { id: 'x', actor: 'system', verb, args });
    expect(read).toThrow(CellError);
    expect(read).toThrow(/^act x: /);
  });
});
