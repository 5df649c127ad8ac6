// How far a long work is, on a terminal only.

export interface ShownProgress {
  show(done: number, total: number, what?: string): void;
  /** Clears the line. */
  end(): void;
}

/** Shows `what` and its percentage on standard error, over the same line; nothing where nobody looks. */
export function progress(what: string): ShownProgress {
  const visible = process.stderr.isTTY;
  let last = '';
  return {
    show: (done, total, now = what) => {
      const text = `${now} ${Math.floor((100 * done) / Math.max(1, total))} %`;
      if (visible && text !== last) process.stderr.write(`\r\u001B[K${text}`);
      last = text;
    },
    end: () => {
      if (visible) process.stderr.write('\r\u001B[K');
    },
  };
}
