// The product's own cells through the whole way from text to plan, with the drivers that they name.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '#contract/diagnostic.ts';
import { drivers } from '#drivers/index.ts';
import { compileFlows } from '#flows/compile-flows.ts';
import { deviceCheck, deviceFacts } from '#flows/device-kinds.ts';
import { linkCell } from '#flows/link.ts';
import { readManifest } from '#flows/manifest.ts';

const loaded = Object.entries(drivers).map(async ([name, load]) => [name, await load()] as const);
const kinds = new Map(await Promise.all(loaded));
const check = deviceCheck(kinds);

const flowsOf = (file: string, text: string) => {
  const { manifest } = readManifest(file, text, check);
  const entries = Object.entries(manifest?.flows ?? {});
  return compileFlows(
    new Map(
      entries.map(([name, entry]) => {
        const path = join(dirname(file), entry.file);
        return [name, { file: path, text: readFileSync(path, 'utf8') }];
      }),
    ),
  );
};

describe.each(['flows/lamp/cell.yaml', 'flows/cnc-tending/cell.yaml'])('%s', (file) => {
  const text = readFileSync(file, 'utf8');
  const compiled = flowsOf(file, text);

  const linked = (changed: string, replay: boolean) => {
    const { manifest, diagnostics, place } = readManifest(file, changed, check);
    if (manifest === undefined) return { diagnostics };
    const facts = replay ? {} : deviceFacts(manifest, kinds);
    return linkCell(manifest, compiled.flows, { file, place, ...facts });
  };

  test('links with its devices, and every tag that a flow reads is judged by age', () => {
    expect(compiled.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    const { plan, diagnostics } = linked(text, false);
    expect(diagnostics).toEqual([]);
    const inputs = plan?.tags.filter(({ kind }) => kind === 'input') ?? [];
    expect(inputs.length).toBeGreaterThan(0);
    for (const { name, stale } of inputs) expect(stale, name).toBeGreaterThanOrEqual(200);
  });

  test('links in replay, where no device is known, to the same indices', () => {
    const [live, replayed] = [linked(text, false).plan, linked(text, true).plan];
    expect(replayed?.tags.map(({ name }) => name)).toEqual(live?.tags.map(({ name }) => name));
    expect(replayed?.flows).toEqual(live?.flows);
  });

  test('with any words exchanged or left out, links or says why', () => {
    const words = [...text.matchAll(/[\w.]+|[^\w.]+/g)].map(([word]) => word);
    const index = fc.nat(words.length - 1);
    const changes = fc.array(fc.record({ at: index, other: fc.option(index) }), {
      minLength: 1,
      maxLength: 3,
    });
    let plans = 0;
    fc.assert(
      fc.property(changes, (list) => {
        const changed = [...words];
        for (const { at, other } of list) changed[at] = other === null ? '' : (words[other] ?? '');
        const whole = changed.join('');
        const { plan, diagnostics } = linked(whole, false);
        expect(plan === undefined).toBe(diagnostics.length > 0);
        for (const found of diagnostics)
          expect(formatDiagnostic(found, whole)).toContain(found.code);
        plans += plan === undefined ? 0 : 1;
      }),
      { seed: 3, numRuns: 150 },
    );
    expect(plans).toBeGreaterThan(0);
  }, 60_000);
});
