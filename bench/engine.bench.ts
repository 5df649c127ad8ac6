// What one scan of machine tending costs: the XState engine, the table engine, and both with the
// comparison, as they run in control. Each sample is 1,000 scans, so a mean in ms reads as µs a scan.
import { bench, describe } from 'vitest';
import { sameConfiguration, sameStep } from '#flows/engine/engine.ts';
import type { Frame } from '#flows/engine/engine.ts';
import { BothEngines, importTable } from '#test/flow/both-engines.ts';
import { Chance } from '#test/flow/chance.ts';
import { Persuasion } from '#test/flow/persuade.ts';
import { productFlow } from '#test/flow/product-flow.ts';

const scans = 1_000;
const flow = productFlow('cnc-tending');
const both = new BothEngines(flow, await importTable(flow));
const { frame, xstate, table } = both;

/** A run of a machine that is kept moving, from its initial states: what each scan reads. */
const moving = record();
let at = 0;
let round = 0;

function record(): Frame[] {
  const persuasion = new Persuasion(new Chance(3), flow);
  let fired = 0;
  const frames = Array.from({ length: scans }, () => {
    persuasion.next(frame, xstate.engine.configuration);
    both.scan();
    fired += xstate.result.count;
    return structuredClone(frame);
  });
  if (fired < scans / 2) throw new Error('the machine does not move');
  return frames;
}

/** The next scan of the run; after the last it begins anew, later. */
function move(): void {
  if (at === scans) {
    at = 0;
    round += moving.at(-1)?.now ?? 0;
  }
  if (at === 0) both.reset(round);
  const next = moving[at];
  if (next === undefined) throw new RangeError('no scan');
  at += 1;
  frame.now = round + next.now;
  frame.values.set(next.values);
  frame.good.set(next.good);
  frame.commands.set(next.commands);
  frame.params.set(next.params);
  frame.signals.set(next.signals);
  frame.trips.set(next.trips);
}

function rest(): void {
  frame.values.fill(0);
  frame.good.fill(1);
  frame.commands.fill(0);
  both.reset(0);
}

describe('1,000 scans in which nothing moves', () => {
  const idle = { setup: rest };
  bench('XState engine', () => run(() => xstate.engine.step(frame, xstate.result), tick), idle);
  bench('table engine', () => run(() => table.engine.step(frame, table.result), tick), idle);
  bench('table engine and judgements', () => run(judgedTable, tick), idle);
});

describe('1,000 scans of a machine that moves', () => {
  const anew = {
    setup: () => {
      at = 0;
    },
  };
  bench('XState engine', () => run(() => xstate.engine.step(frame, xstate.result), move), anew);
  bench('table engine', () => run(() => table.engine.step(frame, table.result), move), anew);
  bench('both engines, judgements and comparison', () => run(compared, move), anew);
});

function tick(): void {
  frame.now += 20;
}

function judgedTable(): void {
  table.engine.judge(frame, table.verdicts);
  table.engine.step(frame, table.result);
}

function compared(): void {
  xstate.engine.judge(frame, xstate.verdicts);
  xstate.engine.step(frame, xstate.result);
  judgedTable();
  const [left, right] = [xstate.engine.configuration, table.engine.configuration];
  const difference = sameStep(xstate.result, table.result) ?? sameConfiguration(left, right);
  if (difference !== undefined) throw new Error(difference);
}

function run(scan: () => void, before: () => void): void {
  for (let count = 0; count < scans; count += 1) {
    before();
    scan();
  }
}
