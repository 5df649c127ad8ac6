// The witness itself: it must find a guard that a bad tag satisfies, and a value that is believed and is none.
import { describe, expect, it } from 'vitest';
import { milliseconds } from '#contract/time.ts';
import { Operator } from '#simulator/operator.ts';
import { demo, demoFiles, loadCell, type Demo } from './demo.ts';
import { Witness } from './witness.ts';
import { produces } from './work.ts';

/** A witness of this cell at work, some parts on. */
function watch(cell: Demo): Witness {
  const witness = new Witness(cell, (options) => cell.world(1, options));
  new Operator(witness.world).start();
  expect(produces(witness.world)).toBe(true);
  return witness;
}

describe('a witness', () => {
  it('finds a guard that a bad tag satisfies', async () => {
    const cell = await loadCell(demoFiles, (text) =>
      text.replace('unless: safe && !sys.restarted', "when: '!sure(safety.estop)'"),
    );
    const witness = watch(cell);
    expect(witness.blind).toEqual([]);
    witness.world.fault('io', 'hang');
    witness.world.run(1000);
    expect(witness.blind).toEqual(['U2 read safety.estop']);
  });

  it('finds a value that is believed for longer than it may be', () => {
    const { plan } = demo;
    const tags = plan.tags.map((tag) =>
      tag.stale === undefined ? tag : { ...tag, stale: milliseconds(tag.stale * 100) },
    );
    const witness = new Witness(demo, (options) =>
      demo.world(1, { ...options, plan: { ...plan, tags } }),
    );
    const { world } = witness;
    world.run(2000);
    world.fault('io', 'hang');
    world.run(5);
    world.act('estop', true);
    world.run(900);
    expect(witness.wrong).toEqual([]);
    world.run(300);
    expect(witness.wrong[0]).toMatchObject({ tag: 'safety.estop', value: true });
  });

  it('does not call a device a liar that is only stuck', () => {
    const witness = watch(demo);
    witness.world.fault('io', 'stuck');
    witness.world.act('estop', true);
    witness.world.run(5000);
    expect(witness.world.tag('safety.estop').value).toBe(true);
    expect(witness.wrong).toEqual([]);
  });
});
