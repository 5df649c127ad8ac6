// docs/reference/mirror.md: topics and payloads of the mirror, as the schemas of contract/mirror.ts say.
import { readFileSync } from 'node:fs';
import type * as z from 'zod';
import { AlarmState } from '#contract/wire.ts';
import * as mirror from '#contract/mirror.ts';
import { docComments } from './doc-comments.ts';
import { page, sentence, table } from './page.ts';
import type { Names } from './schema-text.ts';
import { code } from './schema-text.ts';
import { fieldTable } from './wire.ts';

const docs = docComments(readFileSync('contract/mirror.ts', 'utf8'));
const names: Names = new Map<unknown, string>([
  [mirror.TagMeta, 'TagMeta'],
  [mirror.Position, 'Position'],
]);

function message(topic: string, name: string, schema: z.ZodObject): string[] {
  const said = sentence(docs.of.get(name) ?? '');
  return [`### ${code(topic)}`, said, fieldTable(schema, names, docs, name)];
}

/** Kinds of events whose bodies are not those of the record. */
const own: ReadonlySet<string> = new Set(['transitions', 'gap']);

function bodies(): string[] {
  const kinds = Object.entries(mirror.eventBodies).map(([kind]) => [
    own.has(kind) ? `[${code(kind)}](#body-of-${kind})` : `[${code(kind)}](entries.md#${kind})`,
    own.has(kind) ? 'see below' : 'as it is recorded',
  ]);
  return [
    table(['kind', 'body'], kinds),
    '#### Body of `transitions`',
    sentence(docs.of.get('TransitionsBody') ?? ''),
    fieldTable(mirror.TransitionsBody, names, docs, 'TransitionsBody'),
    '#### Body of `gap`',
    sentence(docs.of.get('MirrorGapBody') ?? ''),
    fieldTable(mirror.MirrorGapBody, names, docs, 'MirrorGapBody'),
  ];
}

export function mirrorPage(): string {
  const { alarm, state, tag, health, event } = mirror.topics;
  const of = mirror.AlarmMessage.omit(
    Object.fromEntries(Object.keys(AlarmState.shape).map((key) => [key, true])) as never,
  );
  return page(
    '# The mirror',
    'Generated from `contract/mirror.ts`. Topics stand below `<enterprise>/<site>/<area>/<line>/<cell>`, as `path` and `cell` of the manifest say; without `path` below the cell’s name alone. MQTT 3.1.1, payloads are JSON in UTF-8, everything is published with QoS 1. A field with `?` may be left out; a scalar is true, false, a number, a text or null.',
    '## Position',
    docs.of.get('Position') ?? '',
    '## Retained: how the cell is',
    'After each connect all of it is told again, before any event: a broker that was replaced by an empty one knows the cell within a second. A topic that is no more, such as that of a tag of an older manifest, is emptied.',
    ...message(tag('<name>').replaceAll('.', '/'), 'TagMessage', mirror.TagMessage),
    'The dots of a tag’s name are levels, as those of an alarm’s id: `door.opened` is told on `tag/door/opened`.',
    ...message(state('<flow>'), 'StateMessage', mirror.StateMessage),
    ...message(alarm('<id>'), 'AlarmMessage', of),
    'And the fields of [AlarmState](wire.md#alarmstate).',
    ...message(mirror.topics.meta(0), 'MetaMessage', mirror.MetaMessage),
    '#### TagMeta',
    sentence(docs.of.get('TagMeta') ?? ''),
    fieldTable(mirror.TagMeta, names, docs, 'TagMeta'),
    ...message(health, 'HealthMessage', mirror.HealthMessage),
    'A last will may be lost with the broker that held it: whoever has heard no `health` for 6 s takes nothing retained for live.',
    '## Not retained: what happened',
    ...message(event, 'EventMessage', mirror.EventMessage),
    ...bodies(),
    '## Commands in',
    `Only with \`mirror: {commands: true}\`. A command is refused when it is retained, expired, issued more than ${mirror.issuedAhead_ms / 1000} s ahead of the cell’s clock, longer than ${mirror.commandLimit / 1024} KiB, not of this form, or one of more than 20 a second (a command of class stop is never refused for that). What has no \`id\` that can be read is recorded and not answered. While the cell is away from its broker no command reaches it, and none is kept for it: whoever has no receipt asks again with the same \`id\`.`,
    ...message('command/<flow>/<name>', 'CommandMessage', mirror.CommandMessage),
    ...message(mirror.topics.receipt('<id>'), 'ReceiptMessage', mirror.ReceiptMessage),
  );
}
