// The one word about people that control knows: a file of the data directory that says that somebody is enrolled.
// Station makes it before the first person is; nothing of the product takes it away.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const enrolledFile = (data: string): string => join(data, 'enrolled');

/** Whether somebody is enrolled, asked of the disk until it is so. */
export function enrolment(data: string): () => boolean {
  const file = enrolledFile(data);
  let enrolled = false;
  return () => {
    enrolled ||= existsSync(file);
    return enrolled;
  };
}
