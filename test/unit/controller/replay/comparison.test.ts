// Changes over a chronicle that control wrote, of several boots: what is found, what is refused, and how
// much of the record is taken.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ComparisonReport } from '#contract/comparison.ts';
import { present } from '#contract/error.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { replayVerbs } from '#controller/cli/replay.ts';
import { readWhen } from '#controller/cli/when.ts';
import { exit, readInvocation } from '#controller/cli/verb.ts';
import { compareChronicle } from '#controller/replay/comparison.ts';
import type { Change, CompareOptions } from '#controller/replay/comparison.ts';
import { machine, other } from '#test/flow/machine-flow.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';

// A chronicle of three boots is written and read: more than a moment where others use the machine.
vi.setConfig({ testTimeout: 60_000 });

/** The newer version: the recorded flow of the last boot. */
const newer = machine.replace('version: 1', 'version: 2').replace('speed: 3', 'speed: 5');
const folder = new CellFolder();
const chronicle = join(folder.data, 'chronicle.db');

/** Two works in each of three boots; the flow is another in the last. */
beforeAll(async () => {
  for (const [boot, text] of [machine, machine, newer].entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one life after the other
    const rig = await ControlRig.start(folder, { machine: text });
    for (let work = 0; work < 2; work += 1) {
      rig.give({ part: true, level: 0 });
      rig.command('start', { id: `start-${boot}-${work}` });
      // oxlint-disable-next-line no-await-in-loop -- one work after the other
      await rig.pass(400);
      rig.give({ level: 55 });
      // oxlint-disable-next-line no-await-in-loop -- as above
      await rig.pass(200);
      rig.give({ part: false, level: 0 });
      // oxlint-disable-next-line no-await-in-loop -- as above
      await rig.pass(100);
    }
    // oxlint-disable-next-line no-await-in-loop -- one life after the other
    await rig.stop();
  }
}, 60_000);
afterAll(() => folder[Symbol.dispose]());

const flow = (text: string, name?: string): Change['flows'][number] => ({
  file: 'candidate.flow.yaml',
  text,
  ...(name === undefined ? {} : { name }),
});

async function compare(
  change: Partial<Change>,
  options: Partial<CompareOptions> = {},
): Promise<ComparisonReport> {
  const reader = openReader(chronicle);
  try {
    const whole = { flows: [], parameters: [], ...change };
    const found = await compareChronicle(reader, whole, { lanes: true, ...options });
    return ComparisonReport.parse({ file: chronicle, ...found });
  } finally {
    reader.close();
  }
}

const transitions = ({ groups }: ComparisonReport): string[] =>
  groups
    .filter(({ kind }) => kind === 'transition')
    .map(({ count, recorded, candidate }) => `${count} ${recorded} | ${candidate}`);

describe('over three boots', () => {
  test('the flows of each boot differ from the same text only where they were another', async () => {
    const report = await compare({ flows: [flow(machine)] });
    expect(report.segments.length).toBeGreaterThanOrEqual(3);
    expect(report.groups).toMatchObject([{ kind: 'output', name: 'speed', count: 2 }]);
    expect(report.first?.boot).toBe(3);
    const again = await compare({ flows: [flow(newer)] });
    expect(again.groups).toMatchObject([{ kind: 'output', name: 'speed', count: 4 }]);
    expect(again.first?.boot).toBe(1);
  });

  test('another guard is found in each work, with the wall time of its scan', async () => {
    const report = await compare({
      flows: [flow(machine.replace('level > param.limit', 'level > param.limit + 9.0'))],
    });
    expect(transitions(report)).toEqual(['6 U3 to unit.Done | stays in unit.Busy']);
    const { first } = report;
    const entry = folder.entries().find(({ seq }) => seq === first?.seq);
    expect(entry).toMatchObject({ kind: 'scan', scan: first?.scan, at: first?.time });
    expect(first?.transitions[0]?.terms?.[0]).toMatchObject({
      transition: 'U3',
      recorded: { truth: 'true' },
      candidate: { truth: 'false' },
    });
    expect(report.lanes?.map(({ region }) => region)).toContain('unit');
    expect(report.from).toBeLessThan(present(first, 'a difference').time);
  });

  test('a parameter is another throughout, with a candidate and without', async () => {
    const parameters = [{ name: 'machine.limit', value: '60' }];
    const alone = await compare({ parameters });
    expect(transitions(alone)).toEqual(['6 U3 to unit.Done | stays in unit.Busy']);
    expect(alone.parameters).toEqual([{ flow: 'machine', name: 'limit', value: 60 }]);
    const both = await compare({ parameters, flows: [flow(machine)] });
    expect(transitions(both)).toEqual(transitions(alone));
  });

  test('only what lies between two times is compared', async () => {
    const whole = await compare({ parameters: [{ name: 'limit', value: '60' }] });
    const first = present(whole.first, 'a difference');
    const { time } = first;
    const since = await compare(
      { parameters: [{ name: 'limit', value: '60' }] },
      { since: time + 1, until: time + 2000 },
    );
    expect(since.from).toBeGreaterThan(time);
    expect(since.to).toBeLessThanOrEqual(time + 2000);
    expect(since.differences).toBeGreaterThan(0);
    expect(since.differences).toBeLessThan(whole.differences);
    expect(since.first?.time).toBeGreaterThan(time);
  });

  test('the other flow has a candidate of its own', async () => {
    const text = other.replace('flow.machine.sig.want || gate', 'gate');
    const report = await compare({
      flows: [flow(machine), { file: 'other.flow.yaml', text }],
    });
    expect(report.flows.map((one) => one.flow)).toEqual(['machine', 'other']);
    expect(report.groups.some((one) => one.flow === 'other')).toBe(true);
  });
});

describe('what does not fit is refused, and says what would', () => {
  const bad = machine.replace('when: cmd.start && part', 'when: cmd.strat && part');
  test.each<[string, Partial<Change>, string, string]>([
    [
      'a name',
      { flows: [flow(machine.replace('flow: machine', 'flow: press'))] },
      'CANDIDATE',
      'press, and the record has machine, other',
    ],
    ['a place', { flows: [flow(machine, 'press')] }, 'CANDIDATE', 'press=candidate.flow.yaml'],
    [
      'two for one',
      { flows: [flow(machine), flow(newer)] },
      'CANDIDATE',
      'both for the flow machine',
    ],
    ['a flow with an error', { flows: [flow(bad)] }, 'CANDIDATE', 'Did you mean `cmd.start`?'],
    ['no flow at all', { flows: [flow('{')] }, 'CANDIDATE', 'candidate.flow.yaml has'],
    [
      'a parameter',
      { parameters: [{ name: 'limt', value: '1' }] },
      'PARAMETER',
      'did you mean limit?',
    ],
    [
      'a value',
      { parameters: [{ name: 'limit', value: '95' }] },
      'PARAMETER',
      'takes real from 10 to 90, not 95',
    ],
    ['no value', { parameters: [{ name: 'limit', value: 'much' }] }, 'PARAMETER', 'not much'],
  ])('%s', async (_, change, code, text) => {
    await expect(compare(change)).rejects.toMatchObject({
      code: `E_REPLAY_${code}`,
      message: expect.stringContaining(text),
    });
  });

  test('a time without a scan', async () => {
    await expect(compare({ flows: [flow(machine)] }, { since: 9e15 })).rejects.toMatchObject({
      code: 'E_REPLAY_NOTHING',
    });
  });
});

describe('the verb', () => {
  const replay = present(
    replayVerbs.find(({ name }) => name === 'replay'),
    'the verb',
  );

  async function run(...words: readonly string[]): Promise<{ code: number; text: string }> {
    let text = '';
    const shown = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    try {
      return { code: await replay.run(readInvocation(replay, [chronicle, ...words])), text };
    } finally {
      shown.mockRestore();
    }
  }

  test('ends with 1 where anything differs, and tells the first with the terms of both', async () => {
    const file = join(folder.data, 'candidate.flow.yaml');
    writeFileSync(file, machine.replace('level > param.limit', 'level > param.limit + 9.0'));
    const { code, text } = await run('--flow', `machine=${file}`);
    expect(code).toBe(exit.found);
    expect(text).toContain('First difference: 2026-');
    expect(text).toMatch(/recorded: {2}U3 to unit\.Done\n\s+candidate: stays in unit\.Busy/);
    expect(text).toMatch(/true\s+-\s+level > param\.limit\n/);
    expect(text).toMatch(/-\s+false\s+level > param\.limit \+ 9\.0/);
    expect(text).toContain('the plant would have reacted differently');
  });

  test('ends with 0 where nothing does, also as JSON', async () => {
    const words = ['--param', 'limit=50', '--json'];
    const { code, text } = await run(...words);
    expect(code).toBe(exit.good);
    expect(ComparisonReport.parse(JSON.parse(text))).toMatchObject({ same: true, first: null });
  });

  test.each([
    [['--param', 'limit'], '--param is name=value'],
    [['--page', 'x.html'], '--page shows a change'],
    [['--param', 'limit=50', '--xstate'], '--xstate re-executes the record'],
    [['--param', 'limit=50', '--from', 'soon'], '--from is a time in UTC'],
  ])('refuses %j', async (words, text) => {
    await expect(run(...words)).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringContaining(text),
    });
  });
});

test.each([
  ['12', { seq: 12 }],
  ['2h', { time: 10_000_000_000 - 7_200_000 }],
  ['2026-11-22', { time: Date.UTC(2026, 10, 22) }],
  ['2026-11-22T14:03', { time: Date.UTC(2026, 10, 22, 14, 3) }],
  ['2026-11-22 14:03:11.480', { time: Date.UTC(2026, 10, 22, 14, 3, 11, 480) }],
  ['2026-11-22T14:03:11Z', { time: Date.UTC(2026, 10, 22, 14, 3, 11) }],
  ['2026-11-22T14:03+09:00', { time: Date.UTC(2026, 10, 22, 5, 3) }],
])('a place in the record is read: %s', (text, when) => {
  expect(readWhen('from', text, 10_000_000_000)).toEqual(when);
});
