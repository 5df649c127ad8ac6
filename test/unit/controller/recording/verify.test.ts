// `rebe verify` of a chronicle with recordings beside it: whole, changed, cut, missing, replaced, unknown; a copy too.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import type { SessionId } from '#contract/shell.ts';
import type { Verification } from '#controller/chronicle/verdict.ts';
import { filesOf } from '#controller/recording/reader.ts';
import { leftIn } from '#controller/recording/told.ts';
import { verifyRecord } from '#controller/recording/verify.ts';
import { openLocal } from '#test/unit/controller/chronicle/local-chronicle.ts';
import { RecordingRig, session, typed } from './rig.ts';

const second: SessionId = 'sh-00000000000000bb';

interface Case {
  readonly rig: RecordingRig;
  /** Verifies, after the chronicle has what it was told. */
  readonly verify: () => Promise<Verification>;
}

/** Two sessions that were recorded; the chronicle is told what `tell` lets through. */
async function recorded(
  options: { end?: boolean; tell?: (event: Record<string, unknown>) => boolean } = {},
): Promise<Case> {
  const rig = new RecordingRig();
  for (const id of [session, second]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const recorder = await rig.open(id);
    for (let round = 0; round < 3; round += 1) {
      recorder.output(Buffer.alloc(600_000, 97 + round));
      // oxlint-disable-next-line no-await-in-loop -- as above
      await recorder.input(Buffer.from('ls\r'), typed);
      rig.clock.pass(1000);
    }
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (options.end !== false) await recorder.end();
    // oxlint-disable-next-line no-await-in-loop -- as above
    else await recorder.flush();
  }
  await rig.recordings.tidied();
  const { tell = () => true } = options;
  const events = rig.told.filter((event) => tell(event as unknown as Record<string, unknown>));
  await write(rig.data, events);
  return { rig, verify: async () => verifyRecord(join(rig.data, 'chronicle.db')) };
}

/** A chronicle with these events, and with the end of the first session. */
async function write(data: string, events: readonly Json[]): Promise<void> {
  const local = await openLocal({ folder: data });
  for (const body of events) {
    const bytes = Buffer.from(canonicalJson(body));
    local.chronicle.append({ scan: null, at: 1, kind: 'session', actor: 'system', body: bytes });
  }
  local.write();
  await local.close();
}

const firstFile = async (rig: RecordingRig, id: SessionId, index = 0): Promise<string> =>
  (await filesOf(rig.folderOf(id))).files[index]?.path ?? '';

test('recordings that are as they were recorded are whole, in a copy as well', async () => {
  const { rig, verify } = await recorded();
  await using _ = rig;
  const found = await verify();
  expect(found).toMatchObject({ exit: 0, findings: [], recordings: { total: 2, whole: 2 } });
  const copy = join(rig.data, 'copy');
  mkdirSync(copy);
  for (const name of ['chronicle.db', 'recordings'])
    cpSync(join(rig.data, name), join(copy, name), { recursive: true });
  expect(await verifyRecord(join(copy, 'chronicle.db'))).toMatchObject({ exit: 0 });
});

type Attack = (rig: RecordingRig) => Promise<void> | void;

const attacks: readonly (readonly [string, Attack, RegExp])[] = [
  [
    'a byte of output is changed',
    async (rig) => {
      const path = await firstFile(rig, session);
      const bytes = brotliDecompressSync(readFileSync(path));
      bytes.write('X', 5000);
      rmSync(path);
      writeFileSync(path.slice(0, -3), bytes);
    },
    /sh-00000000000000aa: .*missing/,
  ],
  [
    'a packed file is damaged',
    async (rig) => {
      const path = await firstFile(rig, session);
      const bytes = readFileSync(path);
      bytes.fill(0, Math.floor(bytes.length / 2));
      writeFileSync(path, bytes);
    },
    /sh-00000000000000aa/,
  ],
  [
    'its last file is taken away',
    async (rig) => rmSync((await filesOf(rig.folderOf())).files.at(-1)?.path ?? ''),
    /segment 2, which was recorded, is missing/,
  ],
  [
    'its first file is taken away',
    async (rig) => rmSync(await firstFile(rig, session)),
    /file 0 is missing/,
  ],
  [
    'it is cut to its first half',
    async (rig) => {
      const path = await firstFile(rig, session);
      writeFileSync(path.slice(0, -3), brotliDecompressSync(readFileSync(path)));
      rmSync(path);
      truncateSync(path.slice(0, -3), 700_000);
    },
    /missing|not sealed/,
  ],
  [
    'the recording is taken away',
    (rig) => rmSync(rig.folderOf(), { recursive: true }),
    /recording sh-00000000000000aa is missing: the record has \d+ segments/,
  ],
  [
    'another session is put in its place',
    (rig) => {
      rmSync(rig.folderOf(), { recursive: true });
      cpSync(rig.folderOf(second), rig.folderOf(), { recursive: true });
    },
    /is of session sh-00000000000000bb/,
  ],
  [
    'a recording appears that nobody recorded',
    (rig) => cpSync(rig.folderOf(), rig.folderOf('sh-00000000000000cc'), { recursive: true }),
    /sh-00000000000000cc: the record knows no such shell/,
  ],
  [
    'a pipe stands where a file was',
    async (rig) => {
      const path = await firstFile(rig, session);
      rmSync(path);
      execFileSync('mkfifo', [path]);
    },
    /000000\.rec\.br is no file of a recording/,
  ],
  [
    'a file is added that is none of ours',
    (rig) => writeFileSync(join(rig.folderOf(), 'note.txt'), 'x'),
    /note\.txt is no file of a recording/,
  ],
];

test.each(attacks)('%s: 1', async (...[, attack, said]) => {
  const { rig, verify } = await recorded();
  await using _ = rig;
  await attack(rig);
  const found = await verify();
  expect(found.exit).toBe(1);
  expect(found.findings.map(({ text }) => text).join('\n')).toMatch(said);
});

test('a recording made anew, with hashes of its own, is not the one that was recorded: 1', async () => {
  const { rig, verify } = await recorded();
  await using _ = rig;
  const forged = new RecordingRig();
  const recorder = await forged.open();
  await recorder.input(Buffer.from('nothing happened\r'), typed);
  await recorder.end();
  rmSync(rig.folderOf(), { recursive: true });
  renameSync(forged.folderOf(), rig.folderOf());
  await forged[Symbol.asyncDispose]();
  const found = await verify();
  expect(found.exit).toBe(1);
  expect(found.findings[0]?.text).toContain('segment 0 was replaced');
});

test('without the folder of recordings the record is incomplete: 2', async () => {
  const { rig, verify } = await recorded();
  await using _ = rig;
  rmSync(join(rig.data, 'recordings'), { recursive: true });
  expect(await verify()).toMatchObject({ exit: 2, integrity: 'whole', recordings: { missing: 2 } });
});

test('segments that the record was never told after an end are a hole: 2', async () => {
  const { rig, verify } = await recorded({
    tell: ({ segment, last }) => segment !== 3 && last !== true,
  });
  await using _ = rig;
  const found = await verify();
  expect(found).toMatchObject({ exit: 2, recordings: { cut: 2 } });
  expect(found.findings[0]?.text).toMatch(/the record proves \d of \d segments/);
});

test('told now and then is enough: each hash proves what was before it', async () => {
  const { rig, verify } = await recorded({ tell: ({ last }) => last === true });
  await using _ = rig;
  expect(await verify()).toMatchObject({ exit: 0, recordings: { whole: 2 } });
});

test('a shell that is open is told of, and is no fault: 0', async () => {
  const { rig, verify } = await recorded({ end: false });
  await using _ = rig;
  const found = await verify();
  expect(found).toMatchObject({ exit: 0, recordings: { open: 2 } });
  expect(found.notes.join('\n')).toContain('it has no end');
});

test('what left to make room, and was told, is not missed', async () => {
  const { rig } = await recorded();
  await using _ = rig;
  const { told } = rig;
  rmSync(join(rig.data, 'chronicle.db'));
  const left = { event: 'recording-left', session, bytes: 1, text: 'made room' };
  rmSync(rig.folderOf(), { recursive: true });
  await write(rig.data, [...told, left]);
  const found = await verifyRecord(join(rig.data, 'chronicle.db'));
  expect(found).toMatchObject({ exit: 0, recordings: { whole: 1, left: 1 } });
  // Whoever asks for it is told when it left.
  expect(leftIn(rig.data, session)?.kind).toBe('session');
  expect(leftIn(rig.data, 'sh-00000000000000cc')).toBeUndefined();
});
