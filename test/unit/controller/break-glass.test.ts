// Break-glass is told whatever control does meanwhile, and stands until somebody has looked into it.
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionBody } from '#contract/entry.ts';
import { SystemAlarms } from '#controller/scan/alarms.ts';
import { BreakGlass, leaveBroken } from '#controller/break-glass.ts';
import { removeFolder } from '#test/folder.ts';
import { HandClock } from './server/rig.ts';

const alarm = 'shell.break-glass';
let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'rebe-glass-'));
});
afterEach(() => removeFolder(data));

/** One run of control. */
function run() {
  const clock = new HandClock();
  const recorded: { actor: string; body: SessionBody }[] = [];
  const alarms: SystemAlarms = new SystemAlarms((change) => glass.heard(change));
  const glass = new BreakGlass(clock, data, alarms);
  const session = (actor: string, body: SessionBody): number => recorded.push({ actor, body });
  return { clock, glass, alarms, recorded, recorder: { session } };
}

describe('break-glass', () => {
  it('raises an alarm of priority 1 over starts, until it is acknowledged by name', () => {
    run().glass.told('console:root', 'the page is dead');
    const { glass, alarms, recorded, recorder, clock } = run();
    glass.start(recorder);
    expect(alarms.standing.get(alarm)).toMatchObject({ priority: 1, state: 'unacknowledged' });
    expect(alarms.standing.get(alarm)?.text).toContain('console:root');
    expect(alarms.standing.get(alarm)?.text).toContain('the page is dead');
    expect(recorded).toEqual([]);
    alarms.acknowledge(alarm, clock.time(), 'user:sven');
    expect([...alarms.standing]).toEqual([]);
    expect(readdirSync(data)).toEqual([]);
    const after = run();
    after.glass.start(after.recorder);
    expect([...after.alarms.standing]).toEqual([]);
  });

  it('that was told while control was away is recorded at its next start, once', () => {
    leaveBroken(data, { actor: 'console:root', at: 1000, reason: 'no control', recorded: false });
    const first = run();
    first.glass.start(first.recorder);
    expect(first.recorded).toMatchObject([
      { actor: 'console:root', body: { event: 'break-glass', text: 'no control' } },
    ]);
    const second = run();
    second.glass.start(second.recorder);
    expect(second.recorded).toEqual([]);
    expect(second.alarms.standing.has(alarm)).toBe(true);
  });

  it('of which the file cannot be read is one all the same', () => {
    writeFileSync(join(data, 'break-glass.json'), '{"actor":');
    const { glass, alarms, recorded, recorder } = run();
    glass.start(recorder);
    expect(recorded).toHaveLength(1);
    expect(alarms.standing.has(alarm)).toBe(true);
  });
});
