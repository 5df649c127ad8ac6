// What is kept of a command's output: never more than is shown, whatever the manifest lets it write.
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Collector, shownLimit } from '#controller/agents/collector.ts';
import { OutputStream } from '#controller/shell/stream.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';

test('of what a command may write no more is kept than is shown, and all of it is counted and hashed', async () => {
  const clock = new HandClock();
  const brake = { hold: () => undefined, release: () => undefined };
  const stream = new OutputStream(clock, brake, { cols: 80, rows: 24 });
  const collector = new Collector(1e12, () => undefined);
  collector.follow(stream);
  const piece = Buffer.alloc(50_000, 'x');
  for (let count = 0; count < 25; count += 1) {
    stream.output(piece);
    clock.advance(10);
    // oxlint-disable-next-line no-await-in-loop -- the stream has its turn
    await turn();
  }
  const { text, bytes } = collector.output;
  expect([text.length, bytes]).toEqual([shownLimit, 1_250_000]);
  collector.end();
});
