// The body of a `checkpoint` entry: the tree's root over all entries before it, as a signed note
// (C2SP tlog-checkpoint): origin, size, root, each on a line, and the cell's signature.
import { canonicalJson } from '#contract/canonical.ts';
import { CheckpointBody } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import type * as z from 'zod';
import { verifyText, type Signer } from './key.ts';
import { Frontier } from './tree.ts';

export type Checkpoint = z.infer<typeof CheckpointBody>;

/** The name of a cell's log in its notes and of its key. */
export const originOf = (cell: string): string => `rebe-cell/${cell}`;

/** The text that is signed: three lines that C2SP names, and `first` as an extension line. */
export const noteText = (note: Pick<Checkpoint, 'origin' | 'size' | 'root' | 'first'>): string =>
  `${note.origin}\n${note.size}\n${note.root}\nfirst ${note.first}\n`;

/** `first`: the oldest entry that is kept. */
export function makeCheckpoint(
  frontier: Frontier,
  first: number,
  origin: string,
  signer: Signer,
): Uint8Array {
  const root = Buffer.from(frontier.root()).toString('base64');
  const note = { origin, size: frontier.size, root, first };
  const signature = signer.sign(noteText(note));
  const body = { ...note, frontier: frontier.encode(), key: signer.key, signature };
  return Buffer.from(canonicalJson(body));
}

export function readCheckpoint(body: Uint8Array): Checkpoint {
  try {
    return CheckpointBody.parse(JSON.parse(Buffer.from(body).toString()));
  } catch (cause) {
    throw new CellError('E_CHRONICLE_FORMAT', 'the body of a checkpoint', { cause });
  }
}

/** The frontier that a checkpoint states; E_CHRONICLE_CHAIN when it does not make the signed root. */
export function frontierOf(checkpoint: Checkpoint): Frontier {
  const frontier = Frontier.decode(checkpoint.frontier, checkpoint.size);
  if (Buffer.from(frontier.root()).toString('base64') !== checkpoint.root) {
    throw new CellError('E_CHRONICLE_CHAIN', 'the frontier of a checkpoint does not make its root');
  }
  return frontier;
}

/** Whether the checkpoint's own key signed it. */
export const isSigned = (checkpoint: Checkpoint): boolean =>
  verifyText(checkpoint.key, noteText(checkpoint), checkpoint.signature);
