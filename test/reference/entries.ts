// docs/reference/entries.md: the kinds of entries of the chronicle and the bodies of each.
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import * as entry from '#contract/entry.ts';
import { docComments } from './doc-comments.ts';
import { page, sentence, table } from './page.ts';
import type { Names } from './schema-text.ts';
import { code, typeText } from './schema-text.ts';
import { fieldTable } from './wire.ts';

/** When each kind is written. A new kind without a line here does not compile. */
const written: Readonly<Record<entry.EntryKind, string>> = {
  boot: 'Control starts.',
  stop: 'Control ends in order.',
  segment: 'At boot, on resume, after a gap with loss, when the manifest changes, and every hour.',
  scan: 'A scan that ran off the grid, missed deadlines, took an act, or changed anything.',
  note: 'A transition notes values; in its scan.',
  act: 'Anybody does anything through the door, refused acts too.',
  write: 'A write did not end `confirmed`.',
  alarm: 'An alarm is raised, cleared or acknowledged.',
  device: "A device's state changes.",
  fault: 'The product found itself wrong: engines that differ, a crash of a flow.',
  gap: 'Entries were late or lost.',
  session: 'Acts in station, before they take effect.',
  checkpoint: 'Every 1,000 entries or 60 s, and at an orderly end.',
};

export function entriesPage(): string {
  const docs = docComments(readFileSync('contract/entry.ts', 'utf8'));
  const exported: readonly [string, unknown][] = Object.entries(entry);
  const names: Names = new Map();
  const kinds = entry.entryKinds.map((kind) => [
    kind === 'scan' ? '[`scan`](record.md)' : `[${code(kind)}](#${kind})`,
    written[kind],
  ]);
  const sections = Object.entries(entry.bodies).flatMap(([kind, body]) => {
    const owner = exported.find(([, schema]) => schema === body)?.[0] ?? '';
    const fields =
      body instanceof z.ZodObject
        ? fieldTable(body, names, docs, owner)
        : sentence(typeText(body, names));
    return [`## ${code(kind)}`, sentence(docs.of.get(owner) ?? ''), fields];
  });
  return page(
    '# Entries of the chronicle',
    'Generated from `contract/entry.ts`. One row is `(seq, boot, scan, at, kind, actor, body, prev, hash)`. The body of a `scan` is binary (`record.md`); every other body is canonical JSON after RFC 8785. A field with `?` may be left out. A scalar is true, false, a number, a text or null.',
    table(['kind', 'written when'], kinds),
    ...sections,
  );
}
