// A value as a person types it on the command line.
import type { Scalar, TagInfo } from '#contract/described.ts';

/** Of the type that is asked; what is not of it is left as it is, to be refused. */
export function scalarOf(type: TagInfo['type'], text: string): Scalar {
  switch (type) {
    case 'bool':
      return text === 'true' || text === 'false' ? text === 'true' : text;
    case 'int':
    case 'real':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
    case 'enum':
    case 'string':
      return text;
  }
}
