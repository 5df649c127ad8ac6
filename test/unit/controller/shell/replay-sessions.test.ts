// Sessions are re-executed from the chronicle alone, by the table engine and by both.
import { describe, expect, it } from 'vitest';
import { present } from '#contract/error.ts';
import type { ShellStep } from '#contract/shell.ts';
import { replaySessions } from '#controller/replay/replay-sessions.ts';
import type { SessionReplay } from '#controller/replay/replay-sessions.ts';
import type { StationEvent } from '#controller/server/records.ts';
import { bytes, chronicleOf, dora, settle, Shells, snapshotOf } from './rig.ts';

const record = await recorded();

/** Two sessions: one that ran, was paused by the machine and ended by itself, one that nobody approved. */
async function recorded(): Promise<readonly StationEvent[]> {
  await using shells = new Shells();
  const { id, driver } = await shells.running();
  await driver.type(bytes('ls\r'), false);
  shells.sight = { ...shells.sight, snapshot: snapshotOf('Automatic', 'Execute') };
  await shells.run(1000);
  shells.sight = { ...shells.sight, snapshot: snapshotOf('Manual', 'Stopped') };
  await shells.run(1000);
  shells.sessions.say(dora, id, 'resume');
  await settle();
  shells.machine.exit();
  await settle();
  const other = await shells.ask();
  await shells.run(3_700_000);
  expect(shells.view(id).state).toBe('Ended');
  expect(shells.view(other).state).toBe('Expired');
  return shells.record;
}

/** The sessions of the record after something was done to it. */
async function replayed(
  change: (events: StationEvent[]) => void = () => undefined,
  shadowed = false,
): Promise<SessionReplay[]> {
  const events = structuredClone(record) as StationEvent[];
  change(events);
  return replaySessions(chronicleOf(events), { shadowed });
}

interface Asked {
  about: { flow: { text: string } };
}

const stepAt = (events: readonly StationEvent[], n: number): number =>
  events.findIndex(({ body }) => body.event === 'shell-step' && body.n === n);

describe('replay of sessions', () => {
  it.each([true, false])('is identical, with both engines: %s', async (shadowed) => {
    const found = await replayed(undefined, shadowed);
    expect(found).toMatchObject([
      { state: 'Ended', lost: false, difference: undefined },
      { state: 'Expired', lost: false, difference: undefined },
    ]);
    expect(found[0]?.steps).toBeGreaterThan(8);
  });

  it('takes an entry that was told twice once', async () => {
    const found = await replayed((events) => {
      const at = stepAt(events, 3);
      events.splice(at, 0, present(events[at], 'a step'));
    });
    expect(found.map(({ difference }) => difference)).toEqual([undefined, undefined]);
  });

  it.each<[string, (step: ShellStep) => void]>([
    ['transitions', (step) => void step.fired.push('S1')],
    ['states', (step) => void (step.states['session'] = 'Running')],
    ['outputs', (step) => void (step.outputs['input'] = true)],
    ['hash', (step) => void (step.hash = '0123456789abcdef')],
    ['steps', (step) => void (step.inputs['no.such.fact'] = true)],
    ['steps', (step) => void (step.now = 0)],
    ['steps', (step) => void step.commands.push('begin', 'kill')],
    ['hash', (step) => void (step.inputs['machine.allows'] = false)],
  ])('says where: %s', async (what, change) => {
    const [found] = await replayed((events) => {
      change(present(events[stepAt(events, 1)], 'a step').body as ShellStep);
    });
    expect(found?.difference).toMatchObject({ what, n: 1 });
  });

  it('notices a step that is missing, and another text of the statechart', async () => {
    const [missing] = await replayed((events) => void events.splice(stepAt(events, 2), 1));
    expect(missing?.difference).toMatchObject({ what: 'steps', n: 3 });
    const texts = [(text: string) => text.replace('for: 60s', 'for: 61s'), () => 'not a flow'];
    for (const change of texts) {
      // oxlint-disable-next-line no-await-in-loop -- two of them
      const [found] = await replayed(([asked]) => {
        const body = present(asked, 'the request').body as unknown as Asked;
        body.about.flow.text = change(body.about.flow.text);
      });
      expect(found?.difference).toMatchObject({ what: 'flow' });
    }
  });
});
