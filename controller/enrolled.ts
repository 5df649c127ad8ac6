// The one word about people that control knows: a file of the data directory that says that somebody is enrolled.
// Station makes it before the first person is; nothing of the product takes it away.
import { join } from 'node:path';

export const enrolledFile = (data: string): string => join(data, 'enrolled');
