// The reference and the devices run as control does: first, where the system lets them.
import { constants, setPriority } from 'node:os';

export function goFirst() {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST);
  } catch {
    // Not allowed to this user; then control was not either.
  }
}
