// A disk that fails at its n-th call, for every n: what was acknowledged is on disk and can be read, nothing that can
// be read is wrong, and who records is told at once. Once as a disk that is full for a moment, once as one that is dead.
import { expect, test, vi } from 'vitest';
import type { RecordedEvent } from '#contract/recording.ts';
import { realDisk } from '#controller/recording/disk.ts';
import type { RecordingDisk } from '#controller/recording/disk.ts';
import { inspect } from '#controller/recording/inspect.ts';
import type { Inspection } from '#controller/recording/inspect.ts';
import { bytesOf, eventsOf, RecordingRig, typed } from './rig.ts';

vi.setConfig({ testTimeout: 120_000 });

type What =
  | 'makeFolder'
  | 'create'
  | 'write'
  | 'sync'
  | 'close'
  | 'rename'
  | 'remove'
  | 'syncFolder';

/** The real disk until `fails` says so of a call; of a write that fails a part is written. */
function failing(fails: (call: number, what: What) => boolean): RecordingDisk {
  let calls = 0;
  const gate = (what: What): void => {
    calls += 1;
    if (!fails(calls, what)) return;
    const code = what === 'sync' ? 'EIO' : 'ENOSPC';
    throw Object.assign(new Error(`${code}: call ${calls}, ${what}`), { code });
  };
  const through =
    <Args extends unknown[], T>(what: What, run: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      gate(what);
      return run(...args);
    };
  return {
    makeFolder: through('makeFolder', async (path: string) => realDisk.makeFolder(path)),
    rename: through('rename', async (from: string, to: string) => realDisk.rename(from, to)),
    remove: through('remove', async (path: string) => realDisk.remove(path)),
    syncFolder: through('syncFolder', async (path: string) => realDisk.syncFolder(path)),
    create: async (path) => {
      gate('create');
      const file = await realDisk.create(path);
      return {
        write: async (bytes, position) => {
          try {
            gate('write');
          } catch (error) {
            await file.write(bytes.subarray(0, bytes.length / 2), position);
            throw error;
          }
          return file.write(bytes, position);
        },
        sync: through('sync', async () => file.sync()),
        close: async () => {
          await file.close();
          gate('close');
        },
      };
    },
  };
}

interface Story {
  readonly rig: RecordingRig;
  readonly begun: boolean;
  readonly acknowledged: string;
  readonly given: string;
  readonly shown: Buffer;
}

/** A session of 40 inputs and three files of output. */
async function story(disk: RecordingDisk): Promise<Story> {
  const rig = new RecordingRig({ disk });
  let acknowledged = '';
  let given = '';
  const shown: Buffer[] = [];
  const recorder = await rig.open().catch(() => undefined);
  if (recorder !== undefined) {
    for (let round = 0; round < 40; round += 1) {
      const text = `${round};`;
      given += text;
      // oxlint-disable-next-line no-await-in-loop -- as somebody types
      const taken = await recorder.input(Buffer.from(text), typed).then(
        () => true,
        () => false,
      );
      if (taken) acknowledged += text;
      const output = Buffer.alloc(60_000, 97 + (round % 26));
      shown.push(output);
      recorder.output(output);
      rig.clock.pass(150);
    }
    recorder.mark('exit', { code: 0 });
    await recorder.end();
    await rig.recordings.tidied();
  }
  const begun = recorder !== undefined;
  return { rig, begun, acknowledged, given, shown: Buffer.concat(shown) };
}

/** What must hold of a recording whatever the disk did. */
async function hold({ rig, acknowledged, given, shown }: Story): Promise<Inspection> {
  const found = await inspect(rig.folderOf());
  expect(found.problems).toEqual([]);
  const events = await eventsOf(rig.folderOf());
  const input = bytesOf(events, 'input').toString();
  expect(given.startsWith(input) || input === given).toBe(true);
  expect(input.startsWith(acknowledged)).toBe(true);
  const output = bytesOf(events, 'output');
  expect(output.equals(shown.subarray(0, output.length))).toBe(true);
  for (const { segment, hash } of rig.segments)
    expect(found.segments[segment], `segment ${segment}`).toMatchObject({ hash, sound: true });
  return found;
}

const failedMark = (events: readonly RecordedEvent[]): boolean =>
  events.some(({ kind, ...rest }) => kind === 'mark' && JSON.stringify(rest).includes('failed'));

/** Every call of a whole session, or a sample of them; each first and last call is in it. */
const step = process.env['SOAK'] === '1' ? 1 : 6;

test('one call fails: nothing acknowledged is lost, the session is told, and its end is recorded', async () => {
  let calls = 0;
  const counted = await story(
    failing((call) => {
      calls = call;
      return false;
    }),
  );
  await hold(counted);
  await counted.rig[Symbol.asyncDispose]();
  expect(calls).toBeGreaterThan(60);
  let told = 0;
  for (let failed = 1; failed <= calls; failed += step) {
    const label = `call ${failed} of ${calls}`;
    // oxlint-disable-next-line no-await-in-loop -- one disk after the other
    const run = await story(failing((call) => call === failed));
    // oxlint-disable-next-line no-await-in-loop -- as above
    const { ended, marked } = run.begun ? await ending(run) : { ended: true, marked: true };
    expect(ended, label).toBe(true);
    const failures = run.rig.failures.length;
    told += failures;
    const all = run.acknowledged === run.given;
    expect(all || failures === 1, label).toBe(true);
    // A failure of the very end comes after the last mark.
    expect(marked || all, label).toBe(true);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await run.rig[Symbol.asyncDispose]();
  }
  expect(told).toBeGreaterThan(5);
});

async function ending(run: Story): Promise<{ ended: boolean; marked: boolean }> {
  const { ended } = await hold(run);
  return { ended, marked: failedMark(await eventsOf(run.rig.folderOf())) };
}

test('a disk dies for good: all before is there, the session is told once, and its end comes all the same', async () => {
  for (let failed = 12; failed <= 120; failed += step * 5) {
    // oxlint-disable-next-line no-await-in-loop -- one disk after the other
    const run = await story(failing((call, what) => call >= failed && what !== 'close'));
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (run.begun) await hold(run);
    expect(run.rig.failures.length).toBeLessThanOrEqual(1);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await run.rig[Symbol.asyncDispose]();
  }
});
