// A small chronicle with every kind of body that control writes, made by the product, and chance
// from a seed.
import type { ScanRecord } from '#contract/record.ts';
import { encodeScan } from '#contract/record.ts';
import type { Draft } from '#contract/entry.ts';
import { status } from '#contract/quality.ts';
import { utcMs } from '#contract/time.ts';
import { jsonDraft, openLocal, type Local } from './local-chronicle.ts';

/** Chance in [0, 1) from a seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const at = 1_790_000_000_000;

export const scanRecord = (now: number, time = at + now): ScanRecord => ({
  now,
  missed: 0,
  tags: [{ tag: 0, value: now % 40 === 0, status: status.Good, time: utcMs(time) }],
  held: [],
  stepped: [],
  fired: [{ flow: 0, transition: 3 }],
  outputs: [{ tag: 1, value: true }],
  trips: [],
  rolling: { high: now, low: 7 },
});

export const scanDraft = (scan: number, time = at + scan * 20): Draft => ({
  scan,
  at: time,
  kind: 'scan',
  actor: 'system',
  body: encodeScan(scanRecord(scan * 20, time - 3), utcMs(time)),
});

export const bootDraft = (before: string, more: object = {}): Draft =>
  jsonDraft('boot', { version: '0.1.0', node: '20', platform: 'linux', before, ...more }, at);

export const segmentDraft = (why = 'boot'): Draft =>
  jsonDraft('segment', {
    why,
    manifest: { file: 'cell.yaml', text: '', hash: '0'.repeat(64) },
    flows: {},
    engine: 'test',
    endpoints: {},
    tags: ['door.opened', 'door.open'],
    scan: 0,
    now: 0,
    period: 20,
    state: {},
  });

/** A run of control: boot, segment, scans with acts between, and an orderly end. */
export async function writeRun(folder: string, scans: number, options: object = {}): Promise<void> {
  const local = await openLocal({ folder, ...options });
  const { before } = local.chronicle.opened;
  const now = { at: local.clock.time() };
  local.chronicle.append({ ...bootDraft(before), ...now });
  local.chronicle.append({ ...segmentDraft(), ...now });
  writeScans(local, scans);
  local.chronicle.append({ ...jsonDraft('stop', { reason: 'asked' }), at: local.clock.time() });
  await local.close();
}

export function writeScans(local: Local, scans: number): void {
  for (let scan = 1; scan <= scans; scan += 1) {
    if (scan % 5 === 0) {
      const body = { id: `a${scan}`, verb: 'command', args: {}, result: 'accepted' };
      const act = { ...jsonDraft('act', body, local.clock.time()), scan, actor: 'user:anna' };
      local.chronicle.append(act);
    }
    local.chronicle.append(scanDraft(scan, local.clock.time()));
    local.clock.pass(20);
    if (scan % 7 === 0) local.clock.pass(60_000);
    local.write();
  }
}
