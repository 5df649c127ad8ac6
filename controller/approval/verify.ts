// `rebe verify` with the approvals of a chronicle: each is proved from the record alone, and so is that what was done by
// one is what was approved. Nothing is written.
import { CellError } from '#contract/error.ts';
import { ActBody, BootBody, SessionBody } from '#contract/entry.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import type { Content, Reader } from '#controller/chronicle/reader.ts';
import { withFindings } from '#controller/chronicle/verdict.ts';
import type { Finding, Verification } from '#controller/chronicle/verdict.ts';
import type { ScanRecord } from '#contract/record.ts';
import { Deeds } from './deeds.ts';
import { ApprovalsInRecord } from './in-record.ts';
import { farthestBegin, longestWindow } from './judge.ts';

/** Entries after an act among which its scan stands. */
const stride = 256;

/** The verdict on a chronicle together with that on its approvals. Never throws for what it finds in the file. */
export function withApprovals(found: Verification): Verification {
  if (found.integrity === 'unknown') return found;
  try {
    const reader = openReader(found.file);
    try {
      const deeds = read(reader);
      const { counts } = deeds.approvals;
      if (counts.total === 0 && counts.unknown === 0 && deeds.findings.length === 0) return found;
      const findings = deeds.findings.map((finding): Finding => ({ kind: 'damage', ...finding }));
      return { ...withFindings(found, { findings, notes: [] }), approvals: counts };
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    const text = `approvals: ${error.message}`;
    return withFindings(found, { findings: [{ kind: 'form', seq: 0, text }], notes: [] });
  }
}

function read(reader: Reader): Deeds {
  const deeds = new Deeds(new ApprovalsInRecord(knownSince(reader)));
  for (const entry of reader.contents({ kinds: ['session', 'act'] })) {
    const { seq, at, actor } = entry;
    if (entry.kind === 'session') {
      const { data } = SessionBody.safeParse(bodyOf(entry));
      if (data !== undefined) deeds.take({ seq, at, actor, body: data });
      continue;
    }
    const { data } = ActBody.safeParse(bodyOf(entry));
    if (data?.approval === undefined) continue;
    deeds.act({ seq, at, actor, body: data, now: nowOf(reader, entry) });
  }
  return deeds;
}

/** From when on (UTC ms) whatever is used was asked for in this record. */
function knownSince(reader: Reader): number {
  const [first] = reader.contents();
  if (first === undefined) return -Infinity;
  const boot = first.kind === 'boot' ? BootBody.safeParse(bodyOf(first)).data : undefined;
  // What was asked for may stand in one that was set aside, or in segments that made room.
  const begins = first.seq === 1 && boot?.before !== 'broken';
  return begins ? -Infinity : first.at + farthestBegin + longestWindow;
}

/** Undefined where this version cannot read it: the chronicle's own check says so. */
function bodyOf(entry: Content): unknown {
  try {
    return readBody(entry);
  } catch {
    return undefined;
  }
}

/** The time of the scan that took an act, in the time of scans; its entry follows those of its acts. */
function nowOf(reader: Reader, { seq, scan }: Content): number | undefined {
  const after = { from: seq + 1, to: seq + stride, kinds: ['scan'] } as const;
  for (const entry of reader.contents(after)) {
    if (entry.scan === scan) return (bodyOf(entry) as ScanRecord | undefined)?.now;
  }
  return undefined;
}
