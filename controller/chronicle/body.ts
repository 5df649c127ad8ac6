// Whether the body of an entry is in its kind's form: `scan` as contract/record.ts decodes it, every
// other kind canonical JSON of its schema.
import { decodeUtf8 } from '#contract/bytes.ts';
import { canonicalJson, type Json } from '#contract/canonical.ts';
import { bodies, type Entry } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import { decodeScan } from '#contract/record.ts';
import { utcMs } from '#contract/time.ts';

/** What a body says; E_CHRONICLE_FORMAT when it is not in its kind's form. */
export function readBody(entry: Pick<Entry, 'kind' | 'at' | 'body'>): unknown {
  if (entry.kind === 'scan') return decodeScan(entry.body, utcMs(entry.at));
  const text = decodeUtf8(entry.body);
  const value = text === undefined ? undefined : parseJson(text);
  if (value === undefined) throw new CellError('E_CHRONICLE_FORMAT', 'a body that is not JSON');
  if (canonicalJson(value) !== text) {
    throw new CellError('E_CHRONICLE_FORMAT', 'JSON that is not canonical');
  }
  const parsed = bodies[entry.kind].safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new CellError('E_CHRONICLE_FORMAT', `${where}: ${issue?.message ?? 'not its schema'}`);
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
