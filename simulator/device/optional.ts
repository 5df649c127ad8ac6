// Packages that only some devices need, and that an install may leave out.
import { CellError } from '#contract/error.ts';

/** Loads it now; a package that is not there, or not for this machine, is an error with a code. */
export async function optional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new CellError('E_SIMULATOR_PACKAGE', `${name}: ${text}`, { cause });
  }
}
