// `rebe verify` with the approvals of a chronicle: each is proved from the record alone. Nothing is written.
import { CellError } from '#contract/error.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { withFindings } from '#controller/chronicle/verdict.ts';
import type { Finding, Verification } from '#controller/chronicle/verdict.ts';
import { sessionBody } from '#controller/recording/told.ts';
import { ApprovalsInRecord } from './in-record.ts';

/** The verdict on a chronicle together with that on its approvals. Never throws for what it finds in the file. */
export function withApprovals(found: Verification): Verification {
  if (found.integrity === 'unknown') return found;
  const record = new ApprovalsInRecord();
  try {
    const reader = openReader(found.file);
    try {
      for (const entry of reader.entries({ kinds: ['session'] })) {
        const body = sessionBody(entry);
        const { seq, at, actor } = entry;
        if (body !== undefined) record.take({ seq, at, actor, body });
      }
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    const text = `approvals: ${error.message}`;
    return withFindings(found, { findings: [{ kind: 'form', seq: 0, text }], notes: [] });
  }
  const { counts } = record;
  if (counts.total === 0 && counts.unknown === 0) return found;
  const findings = record.findings.map((finding): Finding => ({ kind: 'damage', ...finding }));
  return { ...withFindings(found, { findings, notes: [] }), approvals: counts };
}
