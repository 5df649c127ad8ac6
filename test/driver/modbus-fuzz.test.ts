// Hostile bytes from a device, seeded, over TCP and RTU: the driver neither crashes nor hangs, its memory
// is bounded, and it takes no value for good that the device did not give in a right answer. SEED=n runs
// one seed, SOAK=1 many.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { qualityOf } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { realClock } from '#controller/clock.ts';
import { modbus } from '#drivers/modbus/driver.ts';
import { chance, soak } from '#test/system/chance.ts';
import { driverDeps } from './deps.ts';
import { mutations, oddities, rtu, tcp } from './hostile.ts';
import type { Framing, Said } from './hostile.ts';
import { input, ModbusBench, output } from './modbus-bench.ts';
import { modbusRig } from './rig-modbus.ts';
import type { ModbusRig } from './rig-modbus.ts';
import { rtuRig } from './rig-rtu.ts';
import { Recorder } from './recorder.ts';
import { pause } from './rig.ts';

/** Milliseconds. */
const timeout = 40;
const quarantine = 40;
const only = process.env['SEED'];
const seeds =
  only === undefined ? Array.from({ length: soak ? 60 : 5 }, (_, i) => i + 1) : [Number(only)];

/** So fast that the time of the bytes themselves does not count. */
const quick = { baud: 921_600, quarantine: `${quarantine}ms`, delay: '5ms' };

const lines: { line: string; framing: Framing; make: () => Promise<ModbusRig>; own: object }[] = [
  { line: 'TCP', framing: tcp, make: modbusRig, own: {} },
  { line: 'RTU', framing: rtu, make: rtuRig, own: quick },
];

/** A hostile device ends many connections: the waits between them are cut short, nothing else is. */
const impatient = (clock: Clock): Clock => ({
  ...clock,
  after: (delay, run) => clock.after(milliseconds(delay >= 125 && delay <= 1000 ? 10 : delay), run),
});

/** Words say which address they are from; bits are a pattern that inverting breaks. */
const wordAt = (address: number, count: number): number =>
  (((address / 4) & 0x7f) << 8) | (count & 0xff);
const bitAt = (address: number): boolean => address % 3 === 0;

const addresses = Array.from({ length: 24 }, (_, i) => i * 4 + (i > 11 ? 200 : 0));
const words = addresses.map((address) => input(`w${address}`, { holding: address }));
const bits = Array.from({ length: 16 }, (_, i) => input(`b${i}`, { discrete: i }));
const coil = output('coil', { coil: 5 });
const speed = output('speed', { holding: 1000 });
const all = [...words, ...bits, coil, speed];

/** Could the device have said so in a right answer? */
function isRight(tag: string, value: Value): boolean {
  const number = Number(tag.slice(1));
  if (tag === 'coil') return typeof value === 'boolean';
  if (tag === 'speed') return typeof value === 'number' && value < 0x100;
  if (tag.startsWith('b')) return value === bitAt(number);
  return typeof value === 'number' && value >> 8 === wordAt(number, 0) >> 8;
}

const cases = lines.flatMap((line) => seeds.map((seed) => ({ ...line, seed })));

describe('hostile answers', { timeout: 120_000 }, () => {
  test.concurrent.for(cases)(
    'over $line, seed $seed: no wrong value, no hang',
    async ({ framing, make, own, seed }) => {
      const random = chance(seed);
      const rig = await make();
      const config = { timeout: `${timeout}ms`, poll: { fast: '5ms' }, gap: 3, connect: '5s' };
      const line = rig.config()['rtu'];
      await using one = new ModbusBench(
        rig,
        line === undefined ? config : { ...config, rtu: { ...line, ...own } },
        { clock: impatient(realClock()) },
      );
      const { holdings, discretes } = rig.device.unit1;
      for (let i = 0; i < bits.length; i += 1) discretes.set(i, bitAt(i));
      let count = 0;
      const refresh = (): void => {
        count += 1;
        for (const address of addresses) holdings.set(address, wordAt(address, count));
      };
      refresh();
      await one.serve(all);
      const hostile = [
        ...Object.values(mutations),
        ...Object.values(framing.own),
        ...Object.values(oddities),
      ];
      let met = 0;
      rig.device.twist = (answer, request) => {
        refresh();
        if (random() < 0.5) return answer;
        const mutation = hostile[Math.floor(random() * hostile.length)];
        if (mutation === undefined) return answer;
        met += 1;
        say(rig, mutation({ answer, request, framing, random, timeout }));
        return undefined;
      };
      const end = performance.now() + (soak ? 10_000 : 3000);
      while (performance.now() < end) {
        void one.write(coil, random() < 0.5);
        void one.write(speed, Math.floor(random() * 0x100));
        // oxlint-disable-next-line no-await-in-loop -- it goes on for a while
        await pause(Math.floor(random() * 60));
      }
      rig.device.twist = (answer) => answer;
      await pause(timeout + quarantine);
      refresh();
      await one.sink.until('all tags are right again', () =>
        words.every((tag) => one.sink.good(tag.name) === wordAt(Number(tag.name.slice(1)), count)),
      );
      const good = one.sink.batches.flat().filter((sample) => qualityOf(sample.status) === 'good');
      const wrong = good.filter(({ tag, value }) => !isRight(tag, value));
      expect(wrong, `SEED=${seed}`).toEqual([]);
      expect([met > 20, good.length > all.length], `SEED=${seed}`).toEqual([true, true]);
    },
  );
});

/** Answers of which a part is still to be said: a device says nothing else in the middle of one. */
const begun = new WeakMap<ModbusRig, number>();

/**
 * Says each piece at its time, on the connection that was asked. What this process is too slow for stays
 * unsaid: a device that is later than the quarantine lasts cannot be told.
 */
function say(rig: ModbusRig, pieces: readonly Said[]): void {
  const asked = performance.now();
  const speak = rig.device.speaker();
  const open = (by: number): number => {
    const count = (begun.get(rig) ?? 0) + by;
    begun.set(rig, count);
    return count;
  };
  const isParted = pieces.length > 1 && pieces[0]?.after === 0;
  if (isParted) open(1);
  for (const [i, { bytes, after }] of pieces.entries()) {
    const now = (): void => {
      const isLate = performance.now() - asked > timeout + quarantine - 15;
      if (isParted || (!isLate && open(0) === 0)) speak(bytes);
      if (isParted && i === pieces.length - 1) open(-1);
    };
    if (after === 0) now();
    else setTimeout(now, after);
  }
}

const stray = Buffer.from([0x7f, 0xff, 0, 0, 0, 5, 1, 3, 2, 0xff, 0xff]);

describe('a flood', { timeout: 60_000 }, () => {
  /** What is sent without end as soon as somebody connects. */
  const floods: [what: string, chunk: Buffer][] = [
    ['of zeros', Buffer.alloc(65_536)],
    ['of frames that nobody asked for', Buffer.concat(Array.from({ length: 4096 }, () => stray))],
    [
      'of a frame that never ends',
      Buffer.concat([stray.subarray(0, 4), Buffer.alloc(65_536, 0xff)]),
    ],
  ];

  test.for(floods)('%s ends the connection each time, and nothing piles up', async ([, chunk]) => {
    let sent = 0;
    const server = createServer((socket) => {
      const push = (): void => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
      };
      socket.on('drain', push);
      socket.on('error', () => undefined);
      push();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const { port } = server.address() as AddressInfo;
    const config = modbus.config.parse({ tcp: `127.0.0.1:${port}`, timeout: '300ms' });
    const driver = modbus.create(driverDeps(), config);
    onTestFinished(() => driver.stop(milliseconds(1000)));
    const sink = new Recorder();
    await driver.setTags([input('a', { holding: 0 })]);
    const before = process.memoryUsage().rss;
    driver.start(sink);
    await sink.until('it is lost thrice', () => (sink.healths.at(-1)?.failures ?? 0) >= 3);
    expect(sent).toBeGreaterThan(100_000);
    expect(sink.batches).toEqual([]);
    expect(sink.healths.map(({ state }) => state)).not.toContain('online');
    expect(sink.healths.map(({ error }) => error?.code)).toContain('E_DEVICE_PROTOCOL');
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(150);
  });
});
