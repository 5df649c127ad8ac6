// A program that writes a chronicle until it is killed, and says on its output, line by line, up to
// which entry everything is on disk, when the disk stalls and when it answers again.
// chronicle-disk.test.ts builds it, kills it, and takes its disk away.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '#contract/canonical.ts';
import { present } from '#contract/error.ts';
import { instant, milliseconds, utcMs, type Clock } from '#contract/time.ts';
import { Chronicle, threadAt } from '#controller/chronicle/chronicle.ts';

const [folder, durability, stall] = process.argv.slice(2);
const data = present(folder, 'a folder');

const clock: Clock = {
  now: () => instant(performance.now()),
  time: () => utcMs(Date.now()),
  after: (span, run) => {
    const timer = setTimeout(run, span);
    return () => clearTimeout(timer);
  },
};

const chronicle = await Chronicle.open(
  clock,
  threadAt(new URL('./chronicle-writer.js', import.meta.url)),
  {
    path: join(data, 'chronicle.db'),
    keys: join(data, 'keys'),
    cell: 'kill',
    durability: durability === 'fast' ? 'fast' : 'strict',
    stall: milliseconds(Number(stall ?? '60000')),
    backlog: 16_000_000,
    max: 1_000_000_000,
  },
  {
    durable: (seq) => writeSync(1, `${seq}\n`),
    stalled: (code, text) => writeSync(1, `stalled ${code} ${text}\n`),
    recovered: (gap) => writeSync(1, `recovered ${gap.lost}\n`),
  },
);

function append(): void {
  for (let count = 0; count < 5; count += 1) {
    const text = `entry ${chronicle.seq + 1}`;
    const body = Buffer.from(canonicalJson({ code: 'E_DEVICE_TIMEOUT', text, context: {} }));
    chronicle.append({ scan: null, at: Date.now(), kind: 'fault', actor: 'system', body });
  }
  setTimeout(append, 1);
}
append();
