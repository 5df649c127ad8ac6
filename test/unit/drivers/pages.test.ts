// The page of each driver under docs/drivers: its tables are those of the schemas, its example a manifest.
// After a change: `UPDATE=1 npx vitest run --project unit test/unit/drivers/pages.test.ts`.
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DeviceFrame, TagFrame } from '#contract/cell.ts';
import { tagName } from '#contract/name.ts';
import { deviceFields, tagFields } from '#flows/device-kinds.ts';
import { driverDeps } from '#test/driver/deps.ts';
import { driverSections, loadKinds } from '#test/reference/manifest.ts';

const [begin, end] = ['<!-- fields -->', '<!-- /fields -->'];
const kinds = new Map(await loadKinds());

const fileOf = (name: string): string => `docs/drivers/${name}.md`;

describe.each([...kinds.keys()])('docs/drivers/%s.md', (name) => {
  const file = fileOf(name);
  const text = readFileSync(file, 'utf8');
  const kind = kinds.get(name);
  if (kind === undefined) throw new Error('it was listed');

  test('has the tables of the schemas', () => {
    const made = [begin, ...driverSections(name, kind), end].join('\n\n');
    const [before = '', rest = ''] = text.split(begin);
    const after = rest.split(end)[1] ?? '';
    if (process.env['UPDATE'] === '1' && text.includes(end)) {
      writeFileSync(file, `${before}${made}${after}`);
    }
    expect(readFileSync(file, 'utf8')).toContain(made);
  });

  test('shows an example that the driver serves', async () => {
    const [, example = ''] = /```yaml\n([^`]*)```/.exec(text) ?? [];
    const { devices, tags } = parse(example) as Record<'devices' | 'tags', Record<string, object>>;
    expect(Object.keys(tags).length).toBeGreaterThan(2);
    for (const [id, device] of Object.entries(devices)) {
      const frame = DeviceFrame.parse(device);
      expect(frame.driver).toBe(name);
      const driver = kind.create(driverDeps(), kind.config.parse(deviceFields(frame)));
      const own = Object.entries(tags)
        .map(([tag, value]) => ({ tag, frame: TagFrame.parse(value) }))
        .filter((one) => one.frame.device === id)
        .map((one) => ({
          name: tagName(one.tag),
          at: kind.at.parse(one.frame.at),
          direction: 'input' as const,
          type: one.frame.type ?? 'bool',
          options: kind.tagOptions.parse(tagFields(one.frame)),
          ...(one.frame.poll === undefined ? {} : { poll: one.frame.poll }),
        }));
      expect(own.length, id).toBeGreaterThan(0);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await driver.setTags(own)).toEqual([]);
    }
  });
});
