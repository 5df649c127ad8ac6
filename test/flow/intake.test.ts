// language.md section 4, commands: which act enters which scan.
import { describe, expect, test } from 'vitest';
import { Intake, waitingLimit } from '#flows/engine/intake.ts';
import type { ScanAct } from '#flows/engine/scan.ts';
import type { CellPlan } from '#flows/plan.ts';
import { planOf } from './cell-rig.ts';
import { machine, other } from './machine-flow.ts';

const plan = planOf({ flows: { machine, other } });
const [start, stop, jog] = [0, 1, 2];
const actor = 'console:test';

function command(id: string, which: number): ScanAct {
  return { kind: 'command', id, actor, flow: 0, command: which };
}
const ids = (acts: readonly ScanAct[]): string[] => acts.map(({ id }) => id);

describe('commands', () => {
  test('at most one enters a flow each scan, in the order of arrival', () => {
    const intake = new Intake(plan);
    for (const id of ['a', 'b', 'c']) intake.offer(command(id, start), 0);
    expect(intake.waiting).toBe(true);
    expect([
      ids(intake.take(20).acts),
      ids(intake.take(40).acts),
      ids(intake.take(60).acts),
    ]).toEqual([['a'], ['b'], ['c']]);
    expect(intake.waiting).toBe(false);
  });

  test('`class: stop` enters first', () => {
    const intake = new Intake(plan);
    intake.offer(command('a', start), 0);
    intake.offer(command('b', start), 0);
    intake.offer(command('halt', stop), 0);
    expect(ids(intake.take(20).acts)).toEqual(['halt']);
    expect(ids(intake.take(40).acts)).toEqual(['a']);
  });

  test('each flow has a queue of its own', () => {
    const two: CellPlan = { ...plan, flows: [0, 1].flatMap(() => plan.flows.slice(0, 1)) };
    const intake = new Intake(two);
    intake.offer(command('a', start), 0);
    intake.offer({ ...command('b', start), flow: 1 } as ScanAct, 0);
    expect(ids(intake.take(20).acts)).toEqual(['a', 'b']);
  });

  test('what waits longer than two seconds, or than it allows itself, has expired', () => {
    const intake = new Intake(plan);
    for (const id of ['a', 'b', 'c']) intake.offer(command(id, start), 0);
    intake.offer(command('short', start), 0, 100);
    expect(ids(intake.take(20).acts)).toEqual(['a']);
    const later = intake.take(101);
    expect([ids(later.acts), ids(later.expired)]).toEqual([['b'], ['short']]);
    const last = intake.take(2_001);
    expect([ids(last.acts), ids(last.expired)]).toEqual([[], ['c']]);
    expect(intake.waiting).toBe(false);
  });

  test('other acts enter the next scan, all of them, in their order', () => {
    const intake = new Intake(plan);
    const acknowledge = (id: string): ScanAct => ({ kind: 'acknowledge', id, actor, alarm: 'x' });
    intake.offer(acknowledge('a'), 0);
    intake.offer({ kind: 'resume', id: 'b', actor, flow: 0 }, 0);
    intake.offer(acknowledge('c'), 0);
    expect(ids(intake.take(20).acts)).toEqual(['a', 'b', 'c']);
  });

  test('no more than so many wait', () => {
    const intake = new Intake(plan);
    for (let index = 0; index < waitingLimit; index += 1) {
      expect(intake.offer(command(`a${index}`, start), 0)).toBe(true);
    }
    expect(intake.offer(command('more', start), 0)).toBe(false);
    intake.take(20);
    expect(intake.offer(command('more', start), 20)).toBe(true);
  });
});

describe('a held command', () => {
  const target = { flow: 0, command: jog };
  const keep = (intake: Intake, now: number, down = true, by = actor): void =>
    intake.keep(target, { actor: by, down, now });

  test('is true while keep-alives arrive within `held`, and lapses after', () => {
    const intake = new Intake(plan);
    keep(intake, 0);
    expect(intake.waiting).toBe(true);
    expect(intake.take(20)).toMatchObject({
      held: [{ ...target, down: true }],
      begun: [{ actor }],
    });
    for (const now of [200, 400, 600]) keep(intake, now);
    expect(intake.take(900).held).toEqual([]);
    expect(intake.waiting).toBe(false);
    expect(intake.take(901)).toMatchObject({
      held: [{ ...target, down: false }],
      ended: [{ how: 'lapsed', keeps: 4, actor }],
    });
    expect(intake.take(920)).toEqual({ acts: [], held: [], begun: [], ended: [], expired: [] });
  });

  test('ends when the hand leaves it', () => {
    const intake = new Intake(plan);
    keep(intake, 0);
    intake.take(20);
    keep(intake, 100, false);
    expect(intake.waiting).toBe(true);
    expect(intake.take(120)).toMatchObject({
      held: [{ down: false }],
      ended: [{ how: 'released', keeps: 1 }],
    });
    expect(intake.waiting).toBe(false);
  });

  test('tapped between two scans is seen by one', () => {
    const intake = new Intake(plan);
    keep(intake, 1);
    keep(intake, 5, false);
    expect(intake.take(20).held).toEqual([{ ...target, down: true }]);
    expect(intake.waiting).toBe(true);
    expect(intake.take(21).held).toEqual([{ ...target, down: false }]);
    expect(intake.waiting).toBe(false);
  });

  test('is never queued: one that lapsed before its scan never was', () => {
    const intake = new Intake(plan);
    keep(intake, 0);
    expect(intake.take(400)).toMatchObject({ held: [], begun: [], ended: [] });
    expect(intake.waiting).toBe(false);
  });

  test('another actor`s release does not take it from the one who keeps it', () => {
    const intake = new Intake(plan);
    keep(intake, 0);
    intake.take(20);
    keep(intake, 50, false, 'user:other');
    expect(intake.take(60).held).toEqual([]);
  });
});
