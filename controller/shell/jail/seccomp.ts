// The system call filter of a confined shell as a classic BPF program [Linux, seccomp_filter.rst]: made from
// the tables of syscalls.ts, given to bubblewrap as bytes. It refuses; what the other layers do is theirs.
import { judgedCalls, lastCall, refusedCalls } from './syscalls.ts';
import type { Machine, Numbers } from './syscalls.ts';

/** One `struct sock_filter`. */
export interface Instruction {
  readonly code: number;
  /** Instructions to skip when a comparison holds, and when it does not. */
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** Operations [linux/bpf_common.h]: load a word of the call's data, compare, and with a mask, answer. */
export const op = {
  load: 0x20,
  equal: 0x15,
  above: 0x25,
  atLeast: 0x35,
  anyOf: 0x45,
  answer: 0x06,
};

/** What the kernel does with a call [linux/seccomp.h]; an errno stands in the low 16 bits of `errno`. */
export const verdict = { kill: 0x80000000, errno: 0x00050000, allow: 0x7fff0000 };

export const errno = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 };

/** Offsets in `struct seccomp_data`; the low half of an argument comes first, both machines being little endian. */
export const field = {
  nr: 0,
  arch: 4,
  argument: (index: number): number => 16 + 8 * index,
};

/** `AUDIT_ARCH_X86_64` and `AUDIT_ARCH_AARCH64` [linux/audit.h]. */
export const audit: Readonly<Record<Machine, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** Calls of the x32 ABI carry this bit; their numbers would pass every comparison below. */
const x32 = 0x40000000;

/** `CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWUSER`, `NEWPID`, `NEWNET`. */
const newNamespaces = 0x7e020000;

/**
 * TIOCSTI and TIOCLINUX push characters into a terminal's input, as if they had been typed; TIOCSETD has the kernel load
 * code for lines of another kind [ioctl_tty(2)].
 */
const terminal = [0x5412, 0x541c, 0x5423];

/** `AF_UNIX`, `AF_INET`, `AF_INET6`: in the jail's own network namespace they reach nothing. */
const families = [1, 2, 10];

/** `PER_LINUX`, and the question which one it is. */
const personas = [0, 0xffffffff];

const load = (k: number): Instruction => ({ code: op.load, jt: 0, jf: 0, k });
const answer = (k: number): Instruction => ({ code: op.answer, jt: 0, jf: 0, k });
const refuse = (why: number): Instruction => answer(verdict.errno | why);

/** When the comparison holds, the one instruction after it. */
const when = (code: number, k: number, then: Instruction): Instruction[] => [
  { code, jt: 0, jf: 1, k },
  then,
];

/** The machines that there is a filter for. */
export const isMachine = (arch: string): arch is Machine => arch === 'x64' || arch === 'arm64';

/** The program for this machine. The kernel reads arguments of these calls as 32 bits, and so does it. */
export function seccompProgram(machine: Machine): readonly Instruction[] {
  const call = (numbers: Numbers, body: readonly Instruction[]): Instruction[] => {
    const nr = numbers[machine];
    if (nr === undefined) return [];
    return [{ code: op.equal, jt: 0, jf: body.length, k: nr }, ...body];
  };
  const allow = answer(verdict.allow);
  const oneOf = (index: number, values: readonly number[], yes: Instruction, no: Instruction) => [
    load(field.argument(index)),
    ...values.flatMap((value) => when(op.equal, value, yes)),
    no,
  ];
  return [
    load(field.arch),
    { code: op.equal, jt: 1, jf: 0, k: audit[machine] },
    answer(verdict.kill),
    load(field.nr),
    ...(machine === 'x64' ? when(op.atLeast, x32, refuse(errno.EPERM)) : []),
    ...when(op.above, lastCall, refuse(errno.ENOSYS)),
    // Its flags lie in memory that no filter can read; libraries then use clone.
    ...call(judgedCalls.clone3, [refuse(errno.ENOSYS)]),
    ...call(judgedCalls.clone, [
      load(field.argument(0)),
      ...when(op.anyOf, newNamespaces, refuse(errno.EPERM)),
      allow,
    ]),
    ...call(judgedCalls.ioctl, oneOf(1, terminal, refuse(errno.EPERM), allow)),
    ...call(judgedCalls.socket, oneOf(0, families, allow, refuse(errno.EAFNOSUPPORT))),
    ...call(judgedCalls.personality, oneOf(0, personas, allow, refuse(errno.EPERM))),
    ...Object.values(refusedCalls).flatMap((numbers) => call(numbers, [refuse(errno.EPERM)])),
    allow,
  ];
}

/** As `struct sock_filter`s in memory: what bubblewrap's `--seccomp` reads. */
export function encodeProgram(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  }
  return bytes;
}
