// A stream with its clients, without a program: what is kept, who holds the program back, who is given the screen instead,
// and that whatever drops and resumes, the bytes are those that were written.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeFromStation } from '#contract/shell-frames.ts';
import type { FromStation } from '#contract/shell-frames.ts';
import { OutputStream } from '#controller/shell/stream.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';
import { connected } from './loop-client.ts';
import { until } from './until.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
const size = { cols: 80, rows: 24 };
const kb = 1024;
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function rig() {
  const clock = new HandClock();
  const brake = { held: false, times: 0, hold: () => set(true), release: () => set(false) };
  function set(held: boolean): void {
    brake.held = held;
    brake.times += 1;
  }
  return { clock, brake, stream: new OutputStream(clock, brake, size) };
}

/** Who watches and decodes; it says nothing by itself. */
function plain(stream: OutputStream, options: { governs: boolean; from: number | null }) {
  const frames: FromStation[] = [];
  const watch = stream.watch(
    { send: (frame) => void frames.push(decodeFromStation(frame)) },
    options,
  );
  const out = (): string =>
    frames
      .flatMap((each) => (each.type === 'out' ? [Buffer.from(each.bytes).toString('latin1')] : []))
      .join('');
  return { watch, frames, out };
}

describe('the pace of output', () => {
  test('a key and its echo leave at once', () => {
    const { stream } = rig();
    const it = plain(stream, { governs: true, from: null });
    stream.output(Buffer.from('l'));
    stream.output(Buffer.from('s'));
    expect(it.out()).toBe('ls');
    expect(it.frames).toHaveLength(2);
  });

  test('a flood is framed each 4 ms, and in frames of at most 64 KiB', () => {
    const { stream, clock } = rig();
    const it = plain(stream, { governs: true, from: null });
    for (let nth = 0; nth < 20; nth += 1) stream.output(Buffer.alloc(4 * kb, 'x'));
    expect(it.out().length).toBe(72 * kb);
    clock.advance(4);
    expect(it.out().length).toBe(80 * kb);
    expect(it.frames).toHaveLength(4);
  });

  test('an exit flushes what waits, and comes after it', () => {
    const { stream } = rig();
    const it = plain(stream, { governs: true, from: null });
    stream.output(Buffer.alloc(10 * kb, 'x'));
    expect(it.out()).toBe('');
    stream.exited(3);
    expect(it.out().length).toBe(10 * kb);
    expect(it.frames.at(-1)).toEqual({ type: 'exit', code: 3, finalOffset: 10 * kb });
  });
});

describe('who holds the program back', () => {
  test('its driver does, from 256 KiB unseen down to 64 KiB', () => {
    const { stream, brake } = rig();
    const it = plain(stream, { governs: true, from: null });
    stream.output(Buffer.alloc(256 * kb - 1));
    expect(brake.held).toBe(false);
    stream.output(Buffer.alloc(1));
    expect(brake.held).toBe(true);
    it.watch.parsed(192 * kb - 1);
    expect(brake.held).toBe(true);
    it.watch.parsed(192 * kb);
    expect(brake).toMatchObject({ held: false, times: 2 });
  });

  test('nobody at the keyboard, it is held at 256 KiB until somebody has seen them', () => {
    const { stream, brake } = rig();
    stream.output(Buffer.alloc(300 * kb, 'x'));
    expect(brake.held).toBe(true);
    const it = plain(stream, { governs: true, from: null });
    expect(it.out().length).toBe(300 * kb);
    it.watch.parsed(300 * kb);
    expect(brake.held).toBe(false);
  });

  test('its recorder does, whatever the driver has seen', () => {
    const { stream, brake } = rig();
    const it = plain(stream, { governs: true, from: null });
    stream.hold();
    stream.output(Buffer.alloc(kb));
    it.watch.parsed(kb);
    expect(brake.held).toBe(true);
    stream.release();
    expect(brake.held).toBe(false);
  });

  test('who only watches never does: one that stands still gets the screen when it goes on', async () => {
    const { stream, brake, clock } = rig();
    const driver = connected(stream, 'd', true);
    driver.connect();
    const slow = connected(stream, 'a', false);
    slow.connect();
    slow.loop.stall();
    const quick = connected(stream, 'b', false);
    quick.connect();
    const line = Buffer.from(`${'flood '.repeat(12)}\r\n`);
    for (let nth = 0; nth < 40_000; nth += 1) stream.output(line);
    clock.advance(4);
    stream.output(Buffer.from('the end'));
    clock.advance(4);
    expect(brake.times).toBe(0);
    expect(driver.loop).toMatchObject({ bytes: stream.offset, snapshots: 0 });
    expect(quick.loop).toMatchObject({ bytes: stream.offset, sha: driver.loop.sha, snapshots: 0 });
    expect(slow.loop.bytes).toBeLessThan(1200 * kb);
    slow.loop.goOn();
    slow.loop.client.beat();
    await until(() => slow.loop.snapshots === 1);
    expect(slow.loop.text).toContain('the end');
    stream.exited(0);
    expect(slow.loop.code).toBe(0);
    stream.close();
  });

  test('a driver that takes over is waited for instead of the last', () => {
    const { stream, brake } = rig();
    const first = plain(stream, { governs: true, from: null });
    plain(stream, { governs: true, from: 0 });
    stream.output(Buffer.alloc(256 * kb));
    first.watch.parsed(256 * kb);
    expect(brake.held).toBe(true);
  });
});

describe('who comes late, or again', () => {
  test('goes on within a frame, at the byte after the last that it has', () => {
    const { stream } = rig();
    plain(stream, { governs: true, from: null });
    stream.output(Buffer.from('abcdef'));
    stream.output(Buffer.from('ghi'));
    const it = plain(stream, { governs: true, from: 4 });
    expect(it.out()).toBe('efghi');
    expect(it.frames[0]).toMatchObject({ type: 'out', offset: 4 });
  });

  test('gets the screen where what it lacks is no longer kept, and all that follows', async () => {
    const { stream, clock } = rig();
    const driver = plain(stream, { governs: true, from: null });
    stream.output(Buffer.from('\u001B[1mone\u001B[m\r\ntwo'));
    driver.watch.parsed(stream.offset);
    const it = plain(stream, { governs: false, from: null });
    const at = stream.offset;
    stream.output(Buffer.from('!'));
    await until(() => it.frames.length > 1);
    clock.advance(4);
    expect(it.frames[0]).toMatchObject({ type: 'snap', offset: at, size });
    const [snap] = it.frames;
    const drawn = snap?.type === 'snap' ? Buffer.from(snap.bytes).toString() : '';
    expect(drawn).toContain('\u001B[1mone');
    expect(drawn).toContain('two');
    expect(it.out()).toBe('!');
    stream.close();
  });

  test('as the driver after a program of hours sees the screen, and holds back from there', async () => {
    const { stream, brake, clock } = rig();
    const first = plain(stream, { governs: true, from: null });
    for (let nth = 0; nth < 30; nth += 1) {
      stream.output(Buffer.alloc(100 * kb, 'x'));
      clock.advance(4);
      first.watch.parsed(stream.offset);
    }
    first.watch.end();
    const it = plain(stream, { governs: true, from: null });
    stream.output(Buffer.alloc(256 * kb, 'y'));
    expect(brake.held).toBe(true);
    await until(() => it.out().length === 256 * kb);
    expect(it.frames[0]?.type).toBe('snap');
    it.watch.parsed(stream.offset);
    expect(brake.held).toBe(false);
    stream.close();
  });

  test('after the end gets what was left, and the exit', async () => {
    const { stream } = rig();
    stream.output(Buffer.from('last words'));
    stream.exited(1);
    const it = plain(stream, { governs: true, from: null });
    expect(it.out()).toBe('last words');
    expect(it.frames.at(-1)).toEqual({ type: 'exit', code: 1, finalOffset: 10 });
    it.watch.parsed(10);
    const late = plain(stream, { governs: false, from: null });
    await until(() => late.frames.length === 2);
    expect(late.frames.map(({ type }) => type)).toEqual(['snap', 'exit']);
    stream.close();
  });

  test.each([
    ['claims output that is not there yet', 11, 'E_SHELL_ORDER'],
    ['has shown what was never sent', 5, 'E_DOOR_FRAME'],
  ])('and %s is refused', (_what, from, code) => {
    const { stream } = rig();
    stream.output(Buffer.from('0123456789'));
    const act = (): void => plain(stream, { governs: true, from }).watch.parsed(11);
    expect(act).toThrow(expect.objectContaining({ code }));
  });

  test('the 33rd at once is refused', () => {
    const { stream } = rig();
    for (let nth = 0; nth < 32; nth += 1) plain(stream, { governs: false, from: null });
    const act = (): unknown => plain(stream, { governs: false, from: null });
    expect(act).toThrow(expect.objectContaining({ code: 'E_SHELL_FULL' }));
  });

  test('a size is told to all, also by the screen', async () => {
    const { stream } = rig();
    const driver = plain(stream, { governs: true, from: null });
    stream.output(Buffer.from('x'));
    driver.watch.parsed(1);
    const it = plain(stream, { governs: false, from: null });
    stream.resized({ cols: 132, rows: 43 });
    await until(() => it.frames.length === 2);
    expect(driver.frames.at(-1)).toEqual({ type: 'resize', size: { cols: 132, rows: 43 } });
    expect(it.frames.at(-1)).toEqual({ type: 'resize', size: { cols: 132, rows: 43 } });
    const late = plain(stream, { governs: false, from: null });
    await until(() => late.frames.length === 1);
    expect(late.frames[0]).toMatchObject({ type: 'snap', size: { cols: 132, rows: 43 } });
    stream.close();
  });
});

test('whatever is dropped and resumed, the driver has each byte once', () => {
  const step = fc.oneof(
    fc
      .uint8Array({ minLength: 1, maxLength: 20_000 })
      .map((bytes) => ({ kind: 'output', bytes }) as const),
    fc.constant({ kind: 'drop' } as const),
    fc.constant({ kind: 'cut' } as const),
    fc.constant({ kind: 'connect' } as const),
    fc.constant({ kind: 'stall' } as const),
    fc.constant({ kind: 'on' } as const),
    fc.integer({ min: 1, max: 9 }).map((ms) => ({ kind: 'time', ms }) as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { stream, clock } = rig();
      const driver = connected(stream, 'd', true);
      driver.connect();
      const written: Uint8Array[] = [];
      for (const each of steps) {
        if (each.kind === 'output') {
          written.push(each.bytes);
          stream.output(Buffer.from(each.bytes));
        } else if (each.kind === 'drop') driver.drop();
        else if (each.kind === 'cut') driver.cut();
        else if (each.kind === 'connect') {
          driver.drop();
          driver.connect();
        } else if (each.kind === 'stall') driver.loop.stall();
        else if (each.kind === 'on') driver.loop.goOn();
        else clock.advance(each.ms);
      }
      driver.loop.goOn();
      driver.drop();
      driver.connect();
      stream.exited(0);
      const all = Buffer.concat(written);
      expect(driver.loop).toMatchObject({
        bytes: all.length,
        snapshots: 0,
        code: 0,
        sha: sha(all),
      });
      stream.close();
    }),
    { seed, numRuns: 300 },
  );
});
