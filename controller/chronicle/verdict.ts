// What `verify` found, as data and as text for people.
import type { CellError } from '#contract/error.ts';

/** `damage`: the record is not as it was written. `hole`: it says itself that something is not in it. `form`: this version cannot read it. */
export type FindingKind = 'damage' | 'hole' | 'form';

export interface Finding {
  readonly kind: FindingKind;
  /** The entry it is about, or the first of several. */
  readonly seq: number;
  readonly text: string;
}

/** 0 good, 1 altered, 2 incomplete, 3 cannot be verified. */
export type VerifyExit = 0 | 1 | 2 | 3;

export interface Verification {
  readonly file: string;
  readonly exit: VerifyExit;
  readonly integrity: 'whole' | 'broken' | 'unknown';
  readonly completeness: 'complete' | 'incomplete' | 'unknown';
  /** Oldest and newest entry; 0 when there is none. */
  readonly first: number;
  readonly last: number;
  readonly entries: number;
  readonly boots: number;
  readonly checkpoints: number;
  /** Newest entry that a sound checkpoint covers. */
  readonly signed: number;
  /** Keys that signed, as `<name>+<id>+<base64>`. */
  readonly keys: readonly string[];
  /** The first of them; `found` counts all. */
  readonly findings: readonly Finding[];
  readonly found: number;
  readonly notes: readonly string[];
  /** Of shells, beside the chronicle; absent where it has none. */
  readonly recordings?: RecordingCounts;
  /** That the chronicle tells of; absent where it tells of none. */
  readonly approvals?: ApprovalCounts;
}

/** Approvals that the record tells: `unknown` were asked for before it began, and nothing is said of them. */
export interface ApprovalCounts {
  readonly total: number;
  readonly approved: number;
  readonly used: number;
  readonly unknown: number;
}

/** Recordings that the chronicle knows: `open` may still be recorded, `left` made room, by what the chronicle says. */
export interface RecordingCounts {
  readonly total: number;
  readonly whole: number;
  readonly open: number;
  readonly cut: number;
  readonly altered: number;
  readonly missing: number;
  readonly left: number;
}

/** Findings that are kept; the rest is counted. */
export const findingsKept = 100;

/** The verdicts that follow from what was found. */
export function judge(
  kinds: ReadonlySet<FindingKind>,
): Pick<Verification, 'exit' | 'integrity' | 'completeness'> {
  const completeness = kinds.has('hole') ? 'incomplete' : 'complete';
  if (kinds.has('damage')) return { exit: 1, integrity: 'broken', completeness };
  if (kinds.has('form')) return { exit: 3, integrity: 'whole', completeness: 'unknown' };
  return { exit: kinds.has('hole') ? 2 : 0, integrity: 'whole', completeness };
}

/** A chronicle's verdict together with that of the recordings beside it. */
export function withRecordings(
  found: Verification,
  more: {
    readonly findings: readonly Finding[];
    readonly notes: readonly string[];
    readonly counts: RecordingCounts;
  },
): Verification {
  const { findings, notes, counts } = more;
  if (findings.length === 0 && notes.length === 0 && counts.total === 0) return found;
  return { ...withFindings(found, { findings, notes }), recordings: counts };
}

/** The verdict that follows when this was found too. */
export function withFindings(
  found: Verification,
  { findings, notes }: { readonly findings: readonly Finding[]; readonly notes: readonly string[] },
): Verification {
  const kinds = new Set(findings.map(({ kind }) => kind));
  if (found.integrity === 'broken') kinds.add('damage');
  if (found.completeness === 'incomplete') kinds.add('hole');
  if (found.completeness === 'unknown') kinds.add('form');
  return {
    ...found,
    ...judge(kinds),
    findings: [...found.findings, ...findings].slice(0, findingsKept),
    found: found.found + findings.length,
    notes: [...found.notes, ...notes],
  };
}

/** A file that cannot even be opened. */
export function unreadable(file: string, error: CellError): Verification {
  return {
    file,
    exit: 3,
    integrity: 'unknown',
    completeness: 'unknown',
    first: 0,
    last: 0,
    entries: 0,
    boots: 0,
    checkpoints: 0,
    signed: 0,
    keys: [],
    findings: [{ kind: 'form', seq: 0, text: error.message }],
    found: 1,
    notes: [],
  };
}

const verdicts: Readonly<Record<VerifyExit, string>> = {
  0: 'The record is whole.',
  1: 'THE RECORD WAS ALTERED OR DAMAGED.',
  2: 'The record is as it was written, and it is incomplete.',
  3: 'The record cannot be verified.',
};

/** Several lines, the verdict first. */
export function formatVerification(found: Verification): string {
  const { first, last, entries, boots, checkpoints, signed } = found;
  const lines = [
    `${found.file}: ${verdicts[found.exit]}`,
    `  integrity     ${found.integrity}`,
    `  completeness  ${found.completeness}`,
    `  entries       ${entries}, from ${first} to ${last}, ${boots} start${boots === 1 ? '' : 's'} of control`,
    `  checkpoints   ${checkpoints}, signed up to entry ${signed}`,
    ...found.keys.map((key) => `  signed by     ${key}`),
    ...(found.recordings === undefined ? [] : [`  recordings    ${countsText(found.recordings)}`]),
    ...(found.approvals === undefined ? [] : [`  approvals     ${countsText(found.approvals)}`]),
    ...found.findings.map((finding) => `  ! ${finding.text}`),
  ];
  const more = found.found - found.findings.length;
  if (more > 0) lines.push(`  ! and ${more} more`);
  return [...lines, ...found.notes.map((note) => `  - ${note}`)].join('\n');
}

function countsText({ total, ...counts }: RecordingCounts | ApprovalCounts): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return [`${total}`, parts.map(([what, count]) => `${count} ${what}`).join(', ')]
    .filter((part) => part !== '')
    .join(': ');
}
