// Where control groups are found, from what /proc says on machines of several kinds.
import { expect, test } from 'vitest';
import { controls, findTrees } from '#controller/shell/jail/trees.ts';

const mount = (root: string, point: string, type: string, options: string): string =>
  `31 23 0:27 ${root} ${point} rw,nosuid shared:9 - ${type} none ${options}`;
const v1 = (name: string): string => mount('/', `/sys/fs/cgroup/${name}`, 'cgroup', `rw,${name}`);

const machines = [
  {
    name: 'systemd of today: version 2 alone, and the unit may use its controls',
    mountinfo: [
      '22 1 254:1 / / rw - ext4 /dev/vda rw',
      mount('/', '/sys/fs/cgroup', 'cgroup2', 'rw'),
    ],
    cgroup: ['0::/system.slice/rebe-station@demo.service'],
    delegated: ['cpu', 'memory', 'pids'],
    wanted: Object.fromEntries(
      controls.map((control) => [
        control,
        ['2 /sys/fs/cgroup/system.slice/rebe-station@demo.service'],
      ]),
    ),
  },
  {
    name: 'the same for a station that moved one group down in an earlier life',
    mountinfo: [mount('/', '/sys/fs/cgroup', 'cgroup2', 'rw')],
    cgroup: ['0::/system.slice/rebe-station@demo.service/rebe-station'],
    delegated: ['cpu', 'memory', 'pids'],
    wanted: Object.fromEntries(
      controls.map((control) => [
        control,
        ['2 /sys/fs/cgroup/system.slice/rebe-station@demo.service'],
      ]),
    ),
  },
  {
    name: 'version 2 alone, and nothing was delegated',
    mountinfo: [mount('/', '/sys/fs/cgroup', 'cgroup2', 'rw')],
    cgroup: ['0::/system.slice/x.service'],
    delegated: [],
    wanted: {
      memory: [],
      pids: [],
      cpu: [],
      freezer: ['2 /sys/fs/cgroup/system.slice/x.service'],
    },
  },
  {
    name: 'both: limits in version 1, stopping in 2 and, should that fail, in 1',
    mountinfo: [
      ...['memory', 'pids', 'freezer', 'cpu,cpuacct'].map(v1),
      mount('/', '/sys/fs/cgroup/unified', 'cgroup2', 'rw'),
    ],
    cgroup: ['5:freezer:/', '4:memory:/deep/er', '3:cpu,cpuacct:/', '2:pids:/', '0::/'],
    delegated: [],
    wanted: {
      memory: ['1 /sys/fs/cgroup/memory/deep/er'],
      pids: ['1 /sys/fs/cgroup/pids/'],
      cpu: ['1 /sys/fs/cgroup/cpu,cpuacct/'],
      freezer: ['2 /sys/fs/cgroup/unified/', '1 /sys/fs/cgroup/freezer/'],
    },
  },
  {
    name: 'a container that sees its own part of a tree',
    mountinfo: [mount('/docker/abc', '/sys/fs/cgroup/memory', 'cgroup', 'rw,memory')],
    cgroup: ['4:memory:/docker/abc/inner'],
    delegated: [],
    wanted: { memory: ['1 /sys/fs/cgroup/memory/inner'], pids: [], cpu: [], freezer: [] },
  },
  {
    name: 'a group outside of what is mounted',
    mountinfo: [mount('/docker/abc', '/sys/fs/cgroup/memory', 'cgroup', 'rw,memory')],
    cgroup: ['4:memory:/docker/abcdef', '0::/../elsewhere'],
    delegated: [],
    wanted: { memory: [], pids: [], cpu: [], freezer: [] },
  },
  {
    name: 'none at all',
    mountinfo: ['22 1 254:1 / / rw - ext4 /dev/vda rw'],
    cgroup: [''],
    delegated: [],
    wanted: { memory: [], pids: [], cpu: [], freezer: [] },
  },
];

test.each(machines)('$name', ({ mountinfo, cgroup, delegated, wanted }) => {
  const trees = findTrees(
    { mountinfo: mountinfo.join('\n'), cgroup: cgroup.join('\n') },
    () => delegated,
  );
  const found = Object.fromEntries(
    controls.map((control) => [
      control,
      trees[control].map(({ version, folder }) => `${version} ${folder}`),
    ]),
  );
  expect(found).toEqual(wanted);
});
