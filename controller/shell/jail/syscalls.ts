// Numbers of the Linux system calls that a confined shell is refused or that are looked at, as the kernel's
// `asm/unistd_64.h` and `asm-generic/unistd.h` have them. What is done with them stands in seccomp.ts.

/** As Node's `process.arch` calls it. */
export type Machine = 'x64' | 'arm64';

/** Undefined where that machine has no such call. */
export type Numbers = Readonly<Record<Machine, number | undefined>>;

const none = undefined;
const on = (x64: number | undefined, arm64: number | undefined): Numbers => ({ x64, arm64 });

/** Calls that answer `EPERM` whatever they ask. */
export const refusedCalls: Readonly<Record<string, Numbers>> = {
  // What a file system consists of, and where a process stands in it.
  mount: on(165, 40),
  umount2: on(166, 39),
  pivot_root: on(155, 41),
  chroot: on(161, 51),
  fsopen: on(430, 430),
  fsconfig: on(431, 431),
  fsmount: on(432, 432),
  fspick: on(433, 433),
  open_tree: on(428, 428),
  move_mount: on(429, 429),
  mount_setattr: on(442, 442),
  quotactl: on(179, 60),
  quotactl_fd: on(443, 443),
  swapon: on(167, 224),
  swapoff: on(168, 225),
  name_to_handle_at: on(303, 264),
  open_by_handle_at: on(304, 265),
  lookup_dcookie: on(212, 18),
  nfsservctl: on(180, 42),
  sysfs: on(139, none),
  ustat: on(136, none),
  uselib: on(134, none),
  fanotify_init: on(300, 262),
  fanotify_mark: on(301, 263),
  // Other namespaces.
  unshare: on(272, 97),
  setns: on(308, 268),
  // Other processes.
  ptrace: on(101, 117),
  process_vm_readv: on(310, 270),
  process_vm_writev: on(311, 271),
  process_madvise: on(440, 440),
  pidfd_getfd: on(438, 438),
  kcmp: on(312, 272),
  move_pages: on(279, 239),
  migrate_pages: on(256, 238),
  // Parts of the kernel through which others came in.
  bpf: on(321, 280),
  perf_event_open: on(298, 241),
  userfaultfd: on(323, 282),
  io_uring_setup: on(425, 425),
  io_uring_enter: on(426, 426),
  io_uring_register: on(427, 427),
  add_key: on(248, 217),
  request_key: on(249, 218),
  keyctl: on(250, 219),
  memfd_secret: on(447, 447),
  mbind: on(237, 235),
  set_mempolicy: on(238, 237),
  set_mempolicy_home_node: on(450, 450),
  get_mempolicy: on(239, 236),
  modify_ldt: on(154, none),
  // The machine itself.
  init_module: on(175, 105),
  finit_module: on(313, 273),
  delete_module: on(176, 106),
  kexec_load: on(246, 104),
  kexec_file_load: on(320, 294),
  reboot: on(169, 142),
  sethostname: on(170, 161),
  setdomainname: on(171, 162),
  settimeofday: on(164, 170),
  clock_settime: on(227, 112),
  clock_adjtime: on(305, 266),
  adjtimex: on(159, 171),
  acct: on(163, 89),
  syslog: on(103, 116),
  vhangup: on(153, 58),
  iopl: on(172, none),
  ioperm: on(173, none),
  // What kernels had once.
  create_module: on(174, none),
  get_kernel_syms: on(177, none),
  query_module: on(178, none),
  _sysctl: on(156, none),
  getpmsg: on(181, none),
  putpmsg: on(182, none),
  afs_syscall: on(183, none),
  tuxcall: on(184, none),
  security: on(185, none),
  vserver: on(236, none),
};

/** Calls of which an argument decides, or that libraries must believe absent. */
export const judgedCalls = {
  clone: on(56, 220),
  clone3: on(435, 435),
  ioctl: on(16, 29),
  socket: on(41, 198),
  personality: on(135, 92),
} as const satisfies Readonly<Record<string, Numbers>>;

/** The last call that was looked at (`mseal`, Linux 6.10); what later kernels add is absent in the jail. */
export const lastCall = 462;
