// Takes a test's folder away. A file that something still writes beside others may appear after its folder was
// listed: `maxRetries` of rmSync asks only for the last rmdir again and never lists again.
import { rmSync } from 'node:fs';

export function removeFolder(path: string, tries = 10): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (tries <= 1) throw error;
    removeFolder(path, tries - 1);
  }
}
