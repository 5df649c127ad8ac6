// language.md section 4: a fault of one flow, by an engine that is wrong on purpose.
import { describe, expect, test } from 'vitest';
import { present } from '#contract/error.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { FlowEngine } from '#flows/engine/engine.ts';
import { enginesOf, rigOf } from './cell-rig.ts';
import type { Rig } from './cell-rig.ts';
import { machine, other } from './machine-flow.ts';

/** The machine's cell, with one engine of its first flow replaced. */
async function cellWith(change: (engine: FlowEngine) => FlowEngine, text = machine): Promise<Rig> {
  const rig = await rigOf({ flows: { machine: text, other } });
  const flows = rig.plan.flows.map(({ flow }) => flow);
  const engines = await enginesOf(flows, true);
  rig.cell = new Cell(
    rig.plan,
    engines().map(({ xstate, table }, index) => {
      const engine = present(xstate, 'both engines were asked for');
      return { xstate: index === 0 ? change(engine) : engine, table };
    }),
  );
  rig.scan({ tags: { ...rig.rest(), gate: true } });
  rig.scan();
  return rig;
}

const wrong = (engine: FlowEngine): FlowEngine => ({
  get configuration() {
    return engine.configuration;
  },
  reset: (...given) => engine.reset(...given),
  restore: (given) => engine.restore(given),
  judge: (...given) => engine.judge(...given),
  step: (frame, result) => {
    // Takes one level for too low.
    const values = frame.values.slice();
    if (values[1] === 80) values[1] = 0;
    engine.step({ ...frame, values }, result);
  },
});

const lies = (engine: FlowEngine): FlowEngine => ({
  ...wrong(engine),
  get configuration() {
    return engine.configuration;
  },
  step: (...given) => engine.step(...given),
  judge: (frame, verdicts) => {
    engine.judge(frame, verdicts);
    if (frame.values[1] === 80) verdicts.alarms[0] = 1;
  },
});

const broken = (engine: FlowEngine): FlowEngine => ({
  ...wrong(engine),
  get configuration() {
    return engine.configuration;
  },
  step: (frame, result) => {
    if (frame.values[1] === 80) throw new RangeError('out of this world');
    engine.step(frame, result);
  },
});

describe('a fault of one flow', () => {
  test('a difference of the engines puts its outputs to safe in that scan, and nothing moves it until it is resumed', async () => {
    const rig = await cellWith(wrong);
    rig.scan({ tags: { part: true }, command: 'machine.start' });
    expect(rig.out('motor')).toBe(true);
    const result = rig.scan({ tags: { level: 80 } });
    expect(result.faults).toMatchObject([{ flow: 0, code: 'E_FLOW_ENGINES_DIFFER' }]);
    expect(result.faults[0]?.text).toContain('U3');
    expect(result.outputs.filter(({ tag }) => tag !== rig.tag('horn'))).toEqual([
      { tag: rig.tag('motor'), value: false, safe: true },
      { tag: rig.tag('speed'), value: 0, safe: true },
      { tag: rig.tag('lamp'), value: 'red', safe: true },
    ]);
    expect(result.record?.stepped).toEqual([{ flow: 0, stepped: false }]);
    expect(rig.fired(result)).toEqual(['other.Q1']);
    expect(rig.cell.output(rig.tag('motor')).by).toBe('stopped');
    rig.scan({ tags: { level: 10 } });
    const asked = rig.scan({ command: 'machine.start' });
    expect(asked.outcomes[0]?.outcome).toBe('ignored: the flow is not stepped');
    rig.pass(2000);
    expect(rig.out('motor')).toBe(false);
  });

  test('an exception is a fault too; the other flows go on', async () => {
    const rig = await cellWith(broken);
    const result = rig.scan({ tags: { level: 80 } });
    expect(result.faults).toEqual([{ flow: 0, code: 'E_FLOW_FAULT', text: 'out of this world' }]);
    expect(rig.cell.flows[1]?.stepped).toBe(true);
  });

  test('a difference in what interlocks, alarms and assumptions read is a fault as well', async () => {
    const alarmed = `${machine}alarms:\n  never: {when: level > 99.0, priority: 1, text: x}\n`;
    const rig = await cellWith(lies, alarmed);
    expect(rig.scan({ tags: { level: 79 } }).faults).toEqual([]);
    expect(rig.scan({ tags: { level: 80 } }).faults).toMatchObject([
      { flow: 0, code: 'E_FLOW_ENGINES_DIFFER', text: 'alarms: the condition of never' },
    ]);
  });

  test('resumed, it starts `warm`: initial states, retained ctx kept', async () => {
    const rig = await cellWith(wrong);
    rig.scan({ tags: { part: true }, command: 'machine.start' });
    rig.scan({ tags: { level: 70 } });
    rig.pass(200);
    rig.scan({ tags: { level: 0 }, command: 'machine.start' });
    const faulted = rig.scan({ tags: { level: 80 } });
    expect(faulted.faults).toHaveLength(1);
    rig.scan({ tags: { level: 10 } });
    const result = rig.scan({ acts: [rig.resume('machine')] });
    expect(result.outcomes[0]?.outcome).toBe('done');
    expect(result.record?.stepped).toEqual([{ flow: 0, stepped: true }]);
    expect(rig.state('machine', 'unit')).toBe('unit.Idle');
    expect([...(rig.cell.flows[0]?.configuration.ctx ?? [])]).toEqual([1, 0]);
    expect(rig.scan({ acts: [rig.resume('machine')] }).outcomes[0]?.outcome).toMatch(/^ignored/);
  });
});
