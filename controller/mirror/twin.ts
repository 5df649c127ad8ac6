// Two cells of one name at one broker: known by what the other says on our own `health`. Says what was heard;
// what to do about it is the mirror's.
import { HealthMessage } from '#contract/mirror.ts';
import type { InMessage } from './broker.ts';

/** Longer is no health of ours. */
const longest = 4096;

/**
 * `nobody`: ourselves, or one that is gone. `maybe`: the broker retains that another was there. `alive`: another
 * speaks now; with `yield` it is on us to be silent.
 */
export type Heard = 'nobody' | 'maybe' | 'alive' | 'yield';

/** Who we are. */
export interface Self {
  readonly id: string;
  isOwn(session: string): boolean;
}

/** What a message on our own `health` says of another. */
export function hearHealth(self: Self, { payload, retained }: InMessage): Heard {
  const said = read(payload);
  if (said === undefined || self.isOwn(said.session)) return 'nobody';
  // Our own id in another's mouth is a copy of our data directory: the broker drops one for the other, so
  // that a last will is all that is heard of it.
  const copy = said.id === self.id;
  if (retained) return copy || said.state === 'online' ? 'maybe' : 'nobody';
  if (copy) return 'yield';
  if (said.state === 'offline') return 'nobody';
  return said.id < self.id ? 'yield' : 'alive';
}

function read(payload: Uint8Array): HealthMessage | undefined {
  if (payload.length === 0 || payload.length > longest) return undefined;
  try {
    const parsed = HealthMessage.safeParse(JSON.parse(Buffer.from(payload).toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
