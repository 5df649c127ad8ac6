import { expect, test } from 'vitest';
import { placeOf } from '#contract/diagnostic.ts';
import { readManifest } from '#flows/manifest.ts';

const manifest = (mirror: string): string =>
  `cell: tending-1\nformat: cell/1\ndevices: {}\ntags: {}\nflows: {}\n${mirror}\n`;

test.each([
  ['', 'none'],
  ['mirror: none', 'none'],
  ['mirror: {broker: embedded}', { broker: 'embedded', listen: '127.0.0.1:1883', commands: false }],
  [
    'mirror: {broker: embedded, listen: "[::1]:0", commands: true}',
    { broker: 'embedded', listen: '[::1]:0', commands: true },
  ],
  ['mirror: {url: "mqtt://127.0.0.1:1884"}', { url: 'mqtt://127.0.0.1:1884', commands: false }],
  [
    'mirror: {url: mqtts://plant, user: cell-7, secret: mirror, ca: plant.pem}',
    { url: 'mqtts://plant', user: 'cell-7', secret: 'mirror', ca: 'plant.pem', commands: false },
  ],
])('%j is a mirror', (text, read) => {
  const { manifest: found, diagnostics } = readManifest('cell.yaml', manifest(text));
  expect(diagnostics).toEqual([]);
  expect(found?.mirror).toEqual(read);
});

test.each([
  ['all', '6:9 `mirror`: must be `none`, `{broker: embedded}` or `{url: mqtt://host:port}`'],
  ['[]', '6:1 `mirror`: must be `none`, `{broker: embedded}` or `{url: mqtt://host:port}`'],
  ['{broker: embedded, lisen: x}', '6:28 unknown field `lisen` Did you mean `listen`?'],
  ['{broker: embeded}', '6:18 `broker`: must be embedded Did you mean `embedded`?'],
  ['{broker: embedded, listen: 1883}', '6:36 `listen`: must be a text'],
  ['{broker: embedded, commands: yes}', '6:38 `commands`: must be true or false'],
  [
    '{url: "mqtt://cell:word@plant:1883"}',
    '6:15 `url`: mqtt://host:port or mqtts://host:port, and no user or password in it',
  ],
  [
    '{url: "ws://plant"}',
    '6:15 `url`: mqtt://host:port or mqtts://host:port, and no user or password in it',
  ],
  ['{url: mqtts://plant, user: cell-7}', '6:1 `secret` is missing'],
  ['{url: mqtts://plant, secret: "Word 1"}', '6:38 `secret`: small letters, digits and dashes'],
  ['{url: mqtt://plant, ca: plant.pem}', '6:33 `ca`: only with mqtts://'],
  ['{url: mqtt://plant, broker: embedded}', '6:29 unknown field `broker`'],
])('mirror: %s is refused where it is wrong', (mirror, said) => {
  const text = manifest(`mirror: ${mirror}`);
  const { diagnostics, manifest: read } = readManifest('cell.yaml', text);
  expect(read).toBeUndefined();
  const [first] = diagnostics;
  expect(first?.code).toBe('E_MANIFEST_FIELD');
  const { line, column } = placeOf(text, first?.span.start ?? 0);
  const lines = [`${line}:${column} ${first?.text}`, first?.suggestion ?? ''];
  expect(lines.join(' ').trim()).toContain(said);
});
