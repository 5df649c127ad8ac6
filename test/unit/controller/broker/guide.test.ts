// The guide to MQTT shows what is tested: lines of broker configurations are those of `deploy/brokers`, its
// manifests are good ones, and files that it names are there.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readManifest } from '#flows/manifest.ts';

const file = 'docs/guides/mqtt.md';
const guide = readFileSync(file, 'utf8');
const blocks = (kind: string): string[] =>
  [...guide.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = '']) =>
    found === kind ? [text] : [],
  );

test('every line of configuration is in a file of deploy/brokers, in this order', () => {
  const files = readdirSync('deploy/brokers').map((name) =>
    readFileSync(join('deploy/brokers', name), 'utf8').split('\n'),
  );
  const shown = blocks('conf').map((text) => text.trimEnd().split('\n'));
  expect(shown).toHaveLength(2);
  for (const lines of shown) {
    const held = files.map((own) => own.filter((line) => lines.includes(line)));
    expect(held).toContainEqual(lines);
  }
});

test('every manifest that it shows is a good one', () => {
  const frame = 'cell: cell-7\nformat: cell/1\ndevices: {}\ntags: {}\nflows: {}\n';
  const shown = blocks('yaml');
  expect(shown.length).toBeGreaterThan(3);
  for (const text of shown) {
    expect(readManifest('cell.yaml', frame + text).diagnostics).toEqual([]);
  }
});

test('every file that it leads to is there', () => {
  const links = [...guide.matchAll(/\]\(([^)#]+)/g)].map(([, path = '']) => path);
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((path) => !existsSync(join(dirname(file), path)))).toEqual([]);
});
