// The text that the table generator writes for the lamp, as it is kept: a change of it is seen.
import { expect, test } from 'vitest';
import type { TableModule } from '#flows/engine/table.ts';
import { generateTable } from '#flows/engine/table.ts';
import { productFlow } from './product-flow.ts';

const lamp = generateTable(productFlow('lamp'));

test('the generated table engine of the lamp is the one that is kept', async () => {
  await expect(lamp).toMatchFileSnapshot('fixtures/lamp.table.txt');
});

test('the generated text is the same each time', () => {
  expect(generateTable(productFlow('lamp'))).toBe(lamp);
});

test('the generated text imports nothing and evaluates nothing', () => {
  const text = generateTable(productFlow('cnc-tending'));
  expect(text).not.toMatch(/\bimport\b|\beval\b|\bFunction\b|\brequire\b/);
});

test('the generated text is a module that makes engines of their own', async () => {
  const url = `data:text/javascript;charset=utf-8,${encodeURIComponent(lamp)}`;
  const module: TableModule = await import(/* @vite-ignore */ url);
  const [one, other] = [module.createTable(), module.createTable()];
  one.reset(500);
  expect([one.configuration.entered[0], other.configuration.entered[0]]).toEqual([500, 0]);
});

test('a name in the flow cannot become code', () => {
  const flow = { ...productFlow('lamp'), name: 'lamp\nthrow 1; //\u2028' };
  expect(generateTable(flow).split('\n')[0]).toBe(
    '// The table engine of lamp?throw?1?????, version 1. Generated: not to be edited.',
  );
});
