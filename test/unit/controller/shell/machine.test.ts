// The session's statechart by itself: each of its transitions, with both engines, and whatever the facts are no input
// outside Running.
import { describe, expect, it } from 'vitest';
import { SessionMachine, sessionInputs } from '#controller/shell/machine.ts';
import type { SessionCommand, SessionInput } from '#controller/shell/machine.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { stream } from '#simulator/plant/random.ts';
import { flow } from './rig.ts';

type Facts = Partial<Record<SessionInput, boolean>>;
const well: Record<SessionInput, boolean> = {
  'request.timely': true,
  'request.locked': false,
  'machine.allows': true,
  'presence.needed': true,
  'presence.proved': true,
  'driver.there': true,
  'driver.needed': true,
  'record.ok': true,
  'jail.ready': true,
  'program.exited': false,
  'time.left': true,
  'processes.gone': true,
};
/** With processes, as from the first Running on. */
const runs: Facts = { 'processes.gone': false };
/** T2: no supervisor needed, and it runs on without its driver. */
const alone: Facts = { 'driver.needed': false, 'presence.needed': false, 'presence.proved': false };

class Story {
  readonly machine: SessionMachine;
  fired: readonly string[] = [];
  constructor(shadowed = true) {
    this.machine = new SessionMachine(flow, { shadowed });
    this.step({ ...well });
  }
  step(inputs: Facts, command?: SessionCommand, after = 10): this {
    const now = this.machine.now + after;
    this.fired = this.machine.step({ now, inputs: { ...inputs }, command }).fired;
    return this;
  }
}

const to = {
  Requested: () => new Story(),
  Approved: () => to.Requested().step({}, 'approve'),
  Waiting: () => to.Approved().step({ 'jail.ready': false }, 'begin'),
  Running: () => to.Waiting().step({ 'jail.ready': true }).step(runs),
  Paused: () => to.Running().step({}, 'pause'),
  Ending: () => to.Running().step({}, 'end'),
  Killing: () => to.Running().step({}, 'kill'),
  Away: () => to.Running().step({ ...alone, 'driver.there': false }),
} as const;

describe('the statechart of a session', () => {
  const locked: Facts = { 'request.locked': true };
  const late: Facts = { 'request.timely': false };
  const over: Facts = { 'time.left': false };
  type Row = [string, keyof typeof to, Facts, SessionCommand | undefined, number, string];
  const steps: readonly Row[] = [
    ['S1', 'Requested', locked, undefined, 1, 'Denied'],
    ['S2', 'Requested', {}, 'deny', 1, 'Denied'],
    ['S3', 'Requested', {}, 'end', 1, 'Ended'],
    ['S45', 'Requested', {}, 'kill', 1, 'Killed'],
    ['S4', 'Requested', late, 'approve', 1, 'Expired'],
    ['S5', 'Requested', {}, 'approve', 1, 'Approved'],
    ['S6', 'Approved', locked, 'begin', 1, 'Denied'],
    ['S7', 'Approved', {}, 'deny', 1, 'Denied'],
    ['S8', 'Approved', {}, 'end', 1, 'Ended'],
    ['S44', 'Approved', {}, 'kill', 1, 'Killed'],
    ['S9', 'Approved', late, 'begin', 1, 'Expired'],
    ['S10', 'Approved', { 'jail.ready': false }, 'begin', 1, 'Waiting'],
    ['S11 S41', 'Waiting', locked, undefined, 1, 'Killed'],
    ['S12 S41', 'Waiting', {}, 'kill', 1, 'Killed'],
    ['S13 S42', 'Waiting', {}, 'end', 1, 'Ended'],
    ['S14 S42', 'Waiting', over, undefined, 1, 'Ended'],
    ['S15', 'Waiting', { 'jail.ready': true }, undefined, 1, 'Running'],
    ['S16 S42', 'Waiting', {}, undefined, 300_000, 'Ended'],
    ['S17', 'Running', locked, undefined, 1, 'Ending'],
    ['S18', 'Running', {}, 'kill', 1, 'Ending'],
    ['S19', 'Running', {}, 'end', 1, 'Ending'],
    ['S20', 'Running', { 'program.exited': true }, undefined, 1, 'Ending'],
    ['S21', 'Running', over, undefined, 1, 'Ending'],
    ['S22', 'Running', {}, 'pause', 1, 'Paused'],
    ['S23', 'Running', { 'record.ok': false }, undefined, 1, 'Paused'],
    ['S24', 'Running', { 'presence.proved': false }, undefined, 1, 'Paused'],
    ['S25', 'Running', { 'machine.allows': false }, undefined, 1, 'Paused'],
    ['S26', 'Running', { 'driver.there': false }, undefined, 1, 'Paused'],
    ['S27', 'Away', {}, undefined, 300_000, 'Ending'],
    ['S28', 'Running', {}, undefined, 86_400_000, 'Ending'],
    ['S29', 'Paused', locked, undefined, 1, 'Ending'],
    ['S30', 'Paused', {}, 'kill', 1, 'Ending'],
    ['S31', 'Paused', {}, 'end', 1, 'Ending'],
    ['S32', 'Paused', { 'program.exited': true }, undefined, 1, 'Ending'],
    ['S33', 'Paused', over, undefined, 1, 'Ending'],
    ['S38', 'Paused', {}, 'pause', 1, 'Paused'],
    ['S39', 'Paused', {}, 'resume', 1, 'Running'],
    ['', 'Paused', { 'machine.allows': false }, 'resume', 1, 'Paused'],
    ['', 'Paused', { 'driver.there': false }, 'resume', 1, 'Paused'],
    ['S40', 'Paused', {}, undefined, 86_400_000, 'Ending'],
    ['S41', 'Killing', { 'processes.gone': true }, undefined, 1, 'Killed'],
    ['S42', 'Ending', { 'processes.gone': true }, undefined, 1, 'Ended'],
    ['S43', 'Ending', {}, 'kill', 1, 'Ending'],
    ['S41', 'Ending', { 'processes.gone': true }, 'kill', 1, 'Killed'],
    ['', 'Killing', {}, 'kill', 1, 'Ending'],
    ['', 'Ending', {}, 'resume', 86_400_000, 'Ending'],
  ];
  const waits: readonly [string, Facts, number][] = [
    ['S34', { 'record.ok': false }, 60_000],
    ['S35', { 'presence.proved': false }, 60_000],
    ['S36', { 'driver.there': false }, 60_000],
    ['S37', { ...alone, 'driver.there': false }, 300_000],
  ];

  it.each(steps)('%s from %s', (fired, from, inputs, command, after, state) => {
    const story = to[from]().step(inputs, command, after);
    expect([story.fired.join(' '), story.machine.state]).toEqual([fired, state]);
    expect(story.machine.fault).toBeUndefined();
  });

  it.each(waits)('%s after its time without a break, and not before', (id, inputs, span) => {
    const story = to.Paused().step(inputs);
    const since = story.machine.now;
    expect(story.machine.due).toBe(since + span);
    story.step({}, undefined, span - 1);
    expect(story.machine.state).toBe('Paused');
    const broken = to.Paused().step(inputs).step(well).step(inputs, undefined, span);
    expect(broken.machine.state).toBe('Paused');
    story.step({}, undefined, 1);
    expect(story.fired[0]).toBe(id);
  });

  it('has no other transition, and no warning', () => {
    const ids = flow.plan.flows[0]?.flow.transitions.map(({ id }) => id) ?? [];
    const taken = [...steps, ...waits].flatMap(([fired]) => fired.split(' '));
    expect(ids.filter((id) => !taken.includes(id))).toEqual([]);
    expect(ids).toHaveLength(45);
    expect(compileFlow('session.flow.yaml', flow.text).diagnostics).toEqual([]);
  });

  it('lets nothing be typed outside Running, nor while any fact stands against it', () => {
    const random = stream(1, 'facts');
    const commands: SessionCommand[] = ['approve', 'begin', 'pause', 'resume', 'resume', 'end'];
    let typed = 0;
    for (let walk = 0; walk < 60; walk += 1) {
      const story = new Story(walk % 4 === 0);
      const facts = { ...well };
      for (let step = 0; step < 60; step += 1) {
        const name = sessionInputs[Math.floor(random() * sessionInputs.length)] ?? 'record.ok';
        facts[name] = random() < 0.15 ? !well[name] : well[name];
        const command = commands[Math.floor(random() * random() * commands.length)];
        story.step(facts, command, 1 + Math.floor(random() * random() * 90_000));
        const { state, outputs } = story.machine;
        const right =
          state === 'Running' &&
          facts['record.ok'] &&
          facts['jail.ready'] &&
          facts['machine.allows'] &&
          facts['time.left'] &&
          !facts['request.locked'] &&
          (facts['presence.proved'] || !facts['presence.needed']);
        expect(outputs.input && !right).toBe(false);
        expect(state === 'Paused' && !outputs.frozen).toBe(false);
        if (outputs.input) typed += 1;
      }
    }
    expect(typed).toBeGreaterThan(100);
  });

  it('whose engines differ stands still with everything as safe as can be', () => {
    const broken = {
      ...flow,
      table: {
        ...flow.table,
        createTable: () => {
          const made = flow.table.createTable();
          const step = made.step.bind(made);
          made.step = (frame, result) => {
            step(frame, result);
            if (frame.now > 100) result.count = 7;
          };
          return made;
        },
      },
    };
    const machine = new SessionMachine(broken, { shadowed: true });
    machine.step({ now: 1, inputs: well });
    for (const command of ['approve', 'begin']) {
      machine.step({ now: machine.now + 5, inputs: {}, command });
    }
    expect(machine.outputs.input).toBe(true);
    machine.step({ now: 200, inputs: {} });
    expect(machine.fault).toContain('fired');
    expect(machine.outputs).toEqual({ open: false, input: false, frozen: true, kill: true });
    expect(machine.due).toBeUndefined();
  });
});
