// A program that records a session until it is killed, and says on its output, line by line, up to which input
// everything is acknowledged. recording.test.ts builds it and kills it.
import { writeSync } from 'node:fs';
import { present } from '#contract/error.ts';
import { SessionId } from '#contract/shell.ts';
import { realClock } from '#controller/clock.ts';
import { SessionRecordings } from '#controller/recording/recordings.ts';

const [data, id] = process.argv.slice(2);
const nothing = (): undefined => undefined;
const keep = async (): Promise<undefined> => Promise.resolve(undefined);
const recordings = new SessionRecordings(
  { clock: realClock(), log: nothing, keep, reserve: 1_000_000 },
  present(data, 'a folder'),
  { max: 1e9, secrets: 'hash' },
);
const size = { cols: 80, rows: 24 };
const recorder = await recordings.open(
  SessionId.parse(id),
  { title: 'killed', size, by: 'user:ann' },
  { segment: nothing, failed: nothing, full: nothing, drained: nothing },
);
const typed = { actor: 'user:ann', auto: false, secret: false };
for (let number = 0; ; number += 1) {
  recorder.output(Buffer.from(`${number}:${'.'.repeat(3000)}\n`));
  // oxlint-disable-next-line no-await-in-loop -- as somebody types
  await recorder.input(Buffer.from(`${number};`), typed);
  writeSync(1, `${number}\n`);
}
