// The command lines that put a shell into its jail, layer by layer: groups, limits, a user of its own, evidence,
// bubblewrap with its namespaces and the filter. Pure; jailer.ts makes the files that it names.
import type { Launch } from '#controller/shell/parts.ts';
import type { Doors } from './groups.ts';

/** What a confined session may use; docs/confinement.md lists them. */
export const limits = {
  /** Bytes of all its processes together, its file systems in memory included. */
  memory: 256 * 1024 * 1024,
  pids: 128,
  /** Of one processor. */
  cpu: 0.2,
  /** Bytes of one file; of each of /tmp and /home; of /dev/shm. */
  file: 32 * 1024 * 1024,
  folder: 16 * 1024 * 1024,
  shared: 1024 * 1024,
  /** Open files of one process. */
  files: 256,
} as const;

/** Files of a jail, by the descriptor under which bubblewrap finds each; the launcher opens them. */
export const descriptors = { filter: 3, evidence: 4, passwd: 5, group: 6, late: 7 } as const;

/** Who the person is inside. Outside it is a user of the pool. */
export const inside = { user: 1000, name: 'confined', home: '/home/confined' } as const;

/** `/etc` of the jail: what programs need to start and to say their names, and nothing of this machine. */
const settings = [
  'alternatives',
  'bash.bashrc',
  'inputrc',
  'ld.so.cache',
  'localtime',
  'profile',
  'terminfo',
  'timezone',
];

/** What a program finds at the top of the system: a folder to bind, or where its link leads. */
export interface SystemFolder {
  readonly path: string;
  readonly link?: string | undefined;
}

export interface FullPlan {
  /** The jail's own folder, which only station reads. */
  readonly folder: string;
  readonly doors: Doors;
  /** Starts are told by strace, into the jail's `evidence`. */
  readonly traced: boolean;
  /** Folders in which the layers' programs are, as in `PATH`. */
  readonly programs: string;
  /** What runs inside; a shell, unless a layer is tried. */
  readonly command: readonly string[];
}

export interface ConfinedPlan extends FullPlan {
  readonly uid: number;
  readonly system: readonly SystemFolder[];
}

const environment = { TERM: 'xterm-256color', LANG: 'C.UTF-8' } as const;
/** Of the person inside. */
const path = '/usr/bin:/bin';

/**
 * Closes what was inherited, enters the groups (`0` is the writer), opens the jail's files and becomes the rest of its
 * words. A step that fails ends it: nothing runs less confined than was asked.
 */
const launcher = `
for f in /proc/self/fd/*; do
  f=\${f##*/}
  if [ "$f" -gt 2 ]; then eval "exec $f>&-"; fi 2>/dev/null
done
folder=$1
shift
while [ "$1" != -- ]; do
  echo 0 >"$1" || exit 125
  shift
done
shift
if [ "$1" != -- ]; then
  exec ${descriptors.late}>"$1" || exit 125
  shift
fi
shift
if [ -e "$folder/filter" ]; then
  exec ${descriptors.filter}<"$folder/filter" || exit 125
  exec ${descriptors.passwd}<"$folder/passwd" || exit 125
  exec ${descriptors.group}<"$folder/group" || exit 125
fi
if [ -e "$folder/evidence" ]; then exec ${descriptors.evidence}>"$folder/evidence" || exit 125; fi
exec "$@"
`;

/** T2: everything that this machine must have. */
export function confinedLaunch(plan: ConfinedPlan): Launch {
  return launch(plan, { ...environment, HOME: inside.home, PATH: plan.programs }, [
    ...prlimit(),
    ...setpriv(plan.uid),
    ...(plan.traced ? strace(plan.doors) : []),
    ...bubblewrap(plan.system),
    ...plan.command,
  ]);
}

/** T3: a shell of the system's own, that only its groups hold together. */
export function fullLaunch(plan: FullPlan): Launch {
  const env = { ...environment, HOME: '/root', PATH: `/usr/sbin:/sbin:${plan.programs}` };
  const first = ['setpriv', ...diesWithStation, '--'];
  return launch(plan, env, [...first, ...(plan.traced ? strace(plan.doors) : []), ...plan.command]);
}

function launch(
  { folder, doors, traced }: FullPlan,
  env: Launch['env'],
  command: readonly string[],
): Launch {
  const late = doors.late === undefined || !traced ? [] : [doors.late];
  const script = ['--norc', '--noprofile', '-c', launcher, 'rebe-jail'];
  return {
    file: '/bin/bash',
    args: [...script, folder, ...doors.early, '--', ...late, '--', ...command],
    env,
    cwd: '/',
  };
}

export const prlimit = (): string[] => [
  'prlimit',
  '--core=0',
  `--fsize=${limits.file}`,
  `--nofile=${limits.files}`,
  '--',
];

/** What follows is killed when whoever started it is gone, and so is bubblewrap after it. */
const diesWithStation = ['--pdeathsig', 'KILL'];

/** No group of the machine, no capability now or later, and none by set-user-id files. */
export const setpriv = (uid: number): string[] => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${uid}`,
  '--clear-groups',
  '--inh-caps=-all',
  '--ambient-caps=-all',
  '--bounding-set=-all',
  '--no-new-privs',
  ...diesWithStation,
  '--',
];

/** Longest word of a started process that is told whole, and most words. */
export const longestWord = 512;

/** Every start that succeeded, all text as bytes; it stops at no key. The traced do not get its pipe. */
function strace({ late }: Doors): string[] {
  const { evidence, late: door } = descriptors;
  const enter = late === undefined ? '' : `echo 0 >&${door} && `;
  const flags = `-f --seccomp-bpf -z -I4 -qqq -xx -s ${longestWord} -e signal=none`;
  return [
    ...words(`strace ${flags} -e trace=execve,execveat -o /dev/fd/${evidence} -- /bin/sh -c`),
    `${enter}exec "$@" ${evidence}>&- ${door}>&-`,
    'sh',
  ];
}

/** The keyboard's session stays (no `--new-session`): Ctrl-C and jobs need it, and the filter refuses TIOCSTI. */
function bubblewrap(system: readonly SystemFolder[]): string[] {
  const { user, home } = inside;
  const { filter, passwd: users, group: groups } = descriptors;
  const { TERM, LANG } = environment;
  const folders = system.map(({ path: at, link }) =>
    link === undefined ? `--ro-bind ${at} ${at}` : `--symlink ${link} ${at}`,
  );
  return [
    'bwrap --unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup',
    `--uid ${user} --gid ${user} --die-with-parent --cap-drop ALL --clearenv`,
    `--setenv TERM ${TERM} --setenv LANG ${LANG} --setenv HOME ${home} --setenv PATH ${path}`,
    ...folders,
    '--perms 0755 --dir /etc --perms 0755 --dir /var',
    ...settings.map((file) => `--ro-bind-try /etc/${file} /etc/${file}`),
    `--perms 0644 --ro-bind-data ${users} /etc/passwd`,
    `--perms 0644 --ro-bind-data ${groups} /etc/group`,
    // What everybody on this machine may read of its logs.
    '--ro-bind-try /var/log /var/log',
    `--proc /proc --dev /dev --size ${limits.shared} --tmpfs /dev/shm --remount-ro /dev`,
    `--size ${limits.folder} --tmpfs /tmp --size ${limits.folder} --tmpfs /home`,
    `--dir ${home} --chdir ${home} --seccomp ${filter}`,
    // bubblewrap's root can be written until this.
    '--remount-ro / --',
  ].flatMap(words);
}

/** None of them has a blank in it. */
const words = (text: string): string[] => text.split(' ');

/** `/etc/passwd` and `/etc/group` of the jail. */
export const passwd = `${inside.name}:x:${inside.user}:${inside.user}::${inside.home}:/bin/bash\n`;
export const group = `${inside.name}:x:${inside.user}:\n`;
