// What the chronicle was told of a recording, held against what there is of it. Each segment's hash covers the one
// before, so the newest that was told proves all of them.
import type { RecordingVerdict } from '#contract/recording-routes.ts';
import type { Inspection } from './inspect.ts';
import type { Told } from './told.ts';

export interface Judgement {
  /** What is altered or missing. */
  readonly altered: readonly string[];
  /** What it says itself that it has not, or what nobody can prove. */
  readonly lacks: readonly string[];
  /** The newest segment that the chronicle proves. */
  readonly proof: Told | undefined;
}

/** `told`: all that the chronicle has of this recording, or what it has from some time on. */
export function judge(found: Inspection, told: readonly Told[]): Judgement {
  const altered = [...found.problems];
  const ours = new Map(found.segments.map((segment) => [segment.segment, segment]));
  let proof: Told | undefined;
  for (const one of told) {
    const { segment, hash, last } = one.event;
    const own = ours.get(segment);
    if (own === undefined) altered.push(`segment ${segment}, which was recorded, is missing`);
    else if (own.hash !== hash && own.sound) altered.push(`segment ${segment} was replaced`);
    else if (own.sound && (proof === undefined || proof.event.segment < segment)) proof = one;
    if (last && found.segments.some((other) => other.segment > segment))
      altered.push(`segments stand after segment ${segment}, which was the last`);
  }
  return { altered, lacks: lacksOf(found, proof), proof };
}

function lacksOf(found: Inspection, proof: Told | undefined): string[] {
  const lacks: string[] = [];
  const newest = found.segments.at(-1)?.segment ?? -1;
  const proved = proof?.event.segment ?? -1;
  if (newest > proved) lacks.push(`the record proves ${proved + 1} of ${newest + 1} segments`);
  if (!found.ended) lacks.push(`it has no end; ${found.unsealed} bytes of it are not sealed`);
  if (found.torn > 0) lacks.push(`its last ${found.torn} bytes were never written whole`);
  return lacks;
}

export function verdictOf(
  { altered, lacks, proof }: Judgement,
  found: Inspection,
  open: boolean,
): RecordingVerdict {
  const segments = found.segments.length;
  const entry = proof === undefined ? {} : { entry: proof.seq };
  if (altered.length > 0)
    return { result: 'altered', segments, ...entry, text: altered.join('; ').slice(0, 2000) };
  if (open) return { result: 'open', segments, ...entry, text: 'It is being recorded.' };
  const text = lacks.join('; ');
  if (proof === undefined) return { result: 'untold', segments, text };
  return { result: 'whole', segments, ...entry, text };
}
