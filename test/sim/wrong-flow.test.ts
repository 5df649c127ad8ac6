// The world must find what is wrong with a flow: each row spoils the demo's flow in one place and names what shows it.
import { describe, expect, it } from 'vitest';
import { demoFiles, loadCell } from './demo.ts';

type Edit = (text: string) => string;
const change =
  (from: string, to: string): Edit =>
  (text) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`the flow has no ${from}`);
    return changed;
  };

const rows: { what: string; edits: Edit[]; fault?: string; trips: RegExp; incidents: RegExp }[] = [
  {
    what: 'lets the robot go before the part is clamped',
    edits: [
      change('when: clamped, to: RobotOut', "when: '!clamp.opened', to: RobotOut"),
      change('when: parked && clamped, to: CloseDoor', 'when: parked, to: CloseDoor'),
    ],
    trips: /^$/,
    incidents: /part-dropped/,
  },
  {
    what: 'starts the CNC before the door is shut: the interlock holds it',
    edits: [
      change(
        "shut && active('coolant.Running') && clamped, to: StartCycle",
        'clamped, to: StartCycle',
      ),
    ],
    trips: /tending\.startShut/,
    incidents: /^$/,
  },
  {
    what: 'starts the CNC before the door is shut, with no interlock on it',
    edits: [
      change(
        "shut && active('coolant.Running') && clamped, to: StartCycle",
        'clamped, to: StartCycle',
      ),
      change('permit: shut && gripped && robot.home}', 'permit: spindle.stopped}'),
    ],
    trips: /^$/,
    incidents: /start-unfit/,
  },
  {
    what: 'opens the clamp for unloading before the robot grips',
    edits: [
      change('when: gripping, to: Releasing', 'when: "!robot.home", to: Releasing'),
      change('(gripping || !ctx.loaded), to: Open', 'true, to: Open'),
    ],
    trips: /^$/,
    incidents: /part-dropped/,
  },
  {
    what: 'closes the door on the robot, with no interlock on it',
    edits: [
      change('when: parked && clamped, to: CloseDoor', 'when: clamped, to: CloseDoor'),
      change(
        'sig.want.closed && !door.closed && robot.home, to: Closing',
        'sig.want.closed && !door.closed, to: Closing',
      ),
      change(
        '"sig.want.closed && !door.closed && robot.home"',
        '"sig.want.closed && !door.closed"',
      ),
      change('permit: robot.home}\n  unclamp', 'permit: spindle.stopped}\n  unclamp'),
    ],
    trips: /^$/,
    incidents: /door-on-robot/,
  },
  {
    what: 'cuts without coolant',
    edits: [
      change('when: coolant.flow >= param.flow.min, to', 'when: coolant.flow >= 0.0, to'),
      change(
        'unless: coolant.flow >= param.flow.min &&',
        'unless: (coolant.flow >= 0.0 || coolant.flow >= param.flow.min) &&',
      ),
    ],
    fault: 'coolant-loss',
    trips: /^$/,
    incidents: /tool-burnt/,
  },
];

describe('a world with a flow that', () => {
  it.each(rows)('$what shows it within a minute', async ({ edits, fault, trips, incidents }) => {
    const demo = await loadCell(demoFiles, (text) =>
      edits.reduce((spoiled, edit) => edit(spoiled), text),
    );
    const world = demo.tended(1);
    if (fault !== undefined) world.fault('plant', fault);
    world.run(60_000);
    const tripped = new Set(world.trips.map(({ interlock }) => interlock));
    expect([...tripped].join(' ')).toMatch(trips);
    expect(world.plant.incidents.map(({ kind }) => kind).join(' ')).toMatch(incidents);
    expect(world.faults).toEqual([]);
  });
});
