// Manifest and flows of a cell as its record has them: what ran, whatever was edited since. They keep their places to
// each other, under `cell/`.
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { SegmentBody } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { inflated } from '#controller/replay/replay.ts';
import { readManifest } from '#flows/manifest.ts';

/** What the newest segment of a record says of its cell. */
export interface RecordedCell {
  readonly cell: string;
  readonly seq: number;
  readonly boot: number;
  readonly at: number;
  readonly simulated: boolean;
  /** Path of the manifest among the texts. */
  readonly manifest: string;
  readonly texts: ReadonlyMap<string, string>;
  readonly wanted: readonly string[];
}

/** Throws `E_CHRONICLE_OPEN`, `E_CHRONICLE_FORMAT`. */
export function readRecordedCell(record: string): RecordedCell {
  const reader = openReader(record);
  try {
    const opened = reader.readLast('segment');
    const newest = reader.readTail(1)[0];
    if (opened === undefined || newest === undefined) {
      throw new CellError('E_CHRONICLE_FORMAT', 'the record has no segment: the cell never ran');
    }
    const body = SegmentBody.parse(readBody(opened));
    const { manifest, flows, endpoints } = body;
    const files = [manifest, ...Object.values(flows)];
    const base = sharedFolder(files.map(({ file }) => dirname(resolve(file))));
    const placed = (file: string): string => `cell/${relative(base, resolve(file))}`;
    const text = inflated(manifest.text);
    const read = readManifest(manifest.file, text).manifest;
    return {
      cell: read?.cell ?? '',
      seq: newest.seq,
      boot: newest.boot,
      at: newest.at,
      simulated: Object.keys(endpoints).length > 0,
      manifest: placed(manifest.file),
      texts: new Map(files.map((one) => [placed(one.file), inflated(one.text)])),
      wanted: [...new Set(secretsIn(read))].toSorted(),
    };
  } finally {
    reader.close();
  }
}

/** The innermost folder that holds all of them. */
function sharedFolder(all: readonly string[]): string {
  const [first = '/', ...others] = all;
  return others.reduce((shared, folder) => {
    let common = shared;
    while (leaves(relative(common, folder))) common = dirname(common);
    return common;
  }, first);
}

const leaves = (path: string): boolean => path.split('/')[0] === '..' || isAbsolute(path);

/** Names under `secret`, wherever a manifest has one. */
function secretsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'secret' && typeof inner === 'string' ? [inner] : secretsIn(inner),
  );
}
