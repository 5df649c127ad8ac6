// Where on this machine control groups can be made: version 2 or 1 of the kernel's trees, as /proc says
// [Linux, cgroup-v2.rst and cgroup-v1/]. It makes none; groups.ts does.
import { dirname, join } from 'node:path';

export const controls = ['memory', 'pids', 'cpu', 'freezer'] as const;
export type Control = (typeof controls)[number];

/**
 * Where version 2 lets no group with processes have groups below it, station moves one down, into a group of this name;
 * sessions have theirs beside it, in this life and the next.
 */
export const movedGroup = 'rebe-station';

/** One mounted tree, and the group in it that this process is in. */
export interface Tree {
  readonly version: 1 | 2;
  readonly folder: string;
}

/** Trees that may have each control, the best first. `delegated` says what a group of version 2 may use. */
export function findTrees(
  proc: { readonly mountinfo: string; readonly cgroup: string },
  delegated: (folder: string) => readonly string[],
): Readonly<Record<Control, readonly Tree[]>> {
  const own = new Map(
    proc.cgroup
      .split('\n')
      .map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line))
      .filter((found) => found !== null)
      .flatMap(([, names = '', path = '']) =>
        names.split(',').map((name) => [name, path] as const),
      ),
  );
  const trees = mounts(proc.mountinfo).flatMap(({ type, root, point, options }) => {
    const version = type === 'cgroup2' ? 2 : 1;
    const names = version === 2 ? [''] : options.filter((name) => own.has(name));
    const group = own.get(names[0] ?? 'none');
    const path = within(root, version === 2 ? beforeMove(group) : group);
    return path === undefined ? [] : [{ version, names, folder: join(point, path) } as const];
  });
  const having = (control: Control): readonly Tree[] =>
    trees
      .filter(({ version, names, folder }) =>
        version === 1
          ? names.includes(control)
          : control === 'freezer' || delegated(folder).includes(control),
      )
      .toSorted((a, b) => b.version - a.version)
      .map(({ version, folder }) => ({ version, folder }));
  return {
    memory: having('memory'),
    pids: having('pids'),
    cpu: having('cpu'),
    freezer: having('freezer'),
  };
}

interface Mount {
  readonly type: string;
  /** The part of the file system that is mounted. */
  readonly root: string;
  readonly point: string;
  readonly options: readonly string[];
}

/** The mounts of control groups [proc_pid_mountinfo(5)]. */
function mounts(mountinfo: string): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', point = ''] = before.split(' ');
    const [type = '', , options = ''] = after.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    return [{ type, root, point, options: options.split(',') }];
  });
}

const beforeMove = (path: string | undefined): string | undefined =>
  path?.endsWith(`/${movedGroup}`) === true ? dirname(path) : path;

/** A group's path below what is mounted; undefined when it lies outside. */
function within(root: string, path: string | undefined): string | undefined {
  if (path === undefined || path.startsWith('/..')) return undefined;
  if (root === '/' || root === path) return root === path ? '/' : path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}
