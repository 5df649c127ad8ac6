// The documentation comments of a source file, so that its reference page says the same words.

export interface DocComments {
  /** By exported name, and by `Name.field`. */
  readonly of: ReadonlyMap<string, string>;
  /** Of messages that have no name of their own: by their `type`. */
  readonly messages: ReadonlyMap<string, string>;
}

/** Reads what stands before `export const Name`, before `field:` and before an unnamed message. */
export function docComments(source: string): DocComments {
  const of = new Map<string, string>();
  const messages = new Map<string, string>();
  let name = '';
  let pending = '';
  let open: string[] | undefined;
  for (const line of source.split('\n').map((text) => text.trim())) {
    const single = /^\/\*\* (.*) \*\/$/.exec(line);
    if (single !== null || line === '/**') {
      pending = single?.[1] ?? '';
      open = single === null ? [] : undefined;
      continue;
    }
    if (open !== undefined) {
      if (line !== '*/') open.push(line.replace(/^\* ?/, ''));
      else [pending, open] = [open.join(' '), undefined];
      continue;
    }
    const exported = /^(?:export )?const (\w+)/.exec(line);
    if (exported !== null) name = exported[1] ?? '';
    const field = /^(\w+): /.exec(line);
    const message = /z\.literal\('(\w+)'\)/.exec(line);
    if (pending !== '') {
      if (exported !== null) of.set(name, pending);
      else if (message !== null && line.startsWith('z.strictObject')) {
        messages.set(message[1] ?? '', pending);
      } else if (field !== null) of.set(`${name}.${field[1] ?? ''}`, pending);
    }
    pending = '';
  }
  return { of, messages };
}
