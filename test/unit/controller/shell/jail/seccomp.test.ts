// The system call filter, executed here as the kernel would [Linux, seccomp_filter.rst]: what each call is answered.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  audit,
  encodeProgram,
  errno,
  op,
  seccompProgram,
  verdict,
} from '#controller/shell/jail/seccomp.ts';
import { judgedCalls, lastCall, refusedCalls } from '#controller/shell/jail/syscalls.ts';
import type { Machine } from '#controller/shell/jail/syscalls.ts';

interface Call {
  readonly nr: number;
  readonly arch?: number;
  readonly args?: readonly bigint[];
}

const machines: readonly Machine[] = ['x64', 'arm64'];
const { allow, kill } = verdict;
const refused = (why: number): number => verdict.errno | why;

/** Runs the bytes that the kernel gets over a call's `struct seccomp_data`. */
function answer(machine: Machine, { nr, arch = audit[machine], args = [] }: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(nr >>> 0, 0);
  data.writeUInt32LE(arch >>> 0, 4);
  for (const [index, value] of args.entries()) data.writeBigUInt64LE(value, 16 + 8 * index);
  const program = encodeProgram(seccompProgram(machine));
  let loaded = 0;
  for (let at = 0; at < program.length; at += 8) {
    const code = program.readUInt16LE(at);
    const k = program.readUInt32LE(at + 4);
    const jump = (holds: boolean): number => 8 * program.readUInt8(at + (holds ? 2 : 3));
    if (code === op.load) loaded = data.readUInt32LE(k);
    else if (code === op.equal) at += jump(loaded === k);
    else if (code === op.above) at += jump(loaded > k);
    else if (code === op.atLeast) at += jump(loaded >= k);
    else if (code === op.anyOf) at += jump((loaded & k) !== 0);
    else if (code === op.answer) return k;
    else throw new Error(`no operation of ours: ${code}`);
  }
  throw new Error('the program ran past its end');
}

const at = (machine: Machine, name: keyof typeof judgedCalls): number =>
  judgedCalls[name][machine] ?? -1;
const high = 1n << 32n;

test.each(machines)('each refused call of %s is refused, whatever it asks', (machine) => {
  for (const [name, numbers] of Object.entries(refusedCalls)) {
    const nr = numbers[machine];
    if (nr === undefined) continue;
    expect([name, answer(machine, { nr, args: [0n, 1n, 2n] })]).toEqual([
      name,
      refused(errno.EPERM),
    ]);
  }
});

test.each(machines)('what a shell lives by is allowed on %s', (machine) => {
  const calls: Readonly<Record<string, readonly [number, number]>> = {
    read: [0, 63],
    write: [1, 64],
    openat: [257, 56],
    execve: [59, 221],
    wait4: [61, 260],
    kill: [62, 129],
    mmap: [9, 222],
    pipe2: [293, 59],
    setpgid: [109, 154],
    setsid: [112, 157],
    getrandom: [318, 278],
    exit_group: [231, 94],
    mknodat: [259, 33],
    fchmodat2: [452, 452],
  };
  for (const [name, [x64, arm64]] of Object.entries(calls)) {
    const nr = machine === 'x64' ? x64 : arm64;
    expect([name, answer(machine, { nr })]).toEqual([name, allow]);
  }
});

const judged: readonly (readonly [string, keyof typeof judgedCalls, readonly bigint[], number])[] =
  [
    ['a plain fork', 'clone', [0x11n], allow],
    ['a thread', 'clone', [0x3d0f00n], allow],
    ...[0x20000n, 0x2000000n, 0x4000000n, 0x8000000n, 0x10000000n, 0x20000000n, 0x40000000n].map(
      (flag) => [`a namespace ${flag}`, 'clone', [flag | 0x11n], refused(errno.EPERM)] as const,
    ),
    ['clone3, whose flags lie in memory', 'clone3', [1n, 88n], refused(errno.ENOSYS)],
    ['TIOCSTI', 'ioctl', [0n, 0x5412n], refused(errno.EPERM)],
    [
      'TIOCSTI under bits that the kernel drops',
      'ioctl',
      [0n, high | 0x5412n],
      refused(errno.EPERM),
    ],
    ['TIOCLINUX', 'ioctl', [0n, 0x541cn], refused(errno.EPERM)],
    ['TIOCSETD', 'ioctl', [0n, 0x5423n], refused(errno.EPERM)],
    ['TIOCGWINSZ', 'ioctl', [0n, 0x5413n], allow],
    ['TCSETS', 'ioctl', [0n, 0x5402n], allow],
    ['a unix socket', 'socket', [1n, 1n], allow],
    ['an internet socket', 'socket', [2n, 1n], allow],
    ['a netlink socket', 'socket', [16n, 3n], refused(errno.EAFNOSUPPORT)],
    ['a packet socket', 'socket', [17n, 3n], refused(errno.EAFNOSUPPORT)],
    ['a socket of the hypervisor', 'socket', [40n, 1n], refused(errno.EAFNOSUPPORT)],
    ['the question which personality', 'personality', [0xffffffffn], allow],
    ['addresses that are not random', 'personality', [0x40000n], refused(errno.EPERM)],
  ];

test.each(machines)('calls of %s are judged by their arguments', (machine) => {
  const answers = judged.map(([what, name, args]) => [
    what,
    answer(machine, { nr: at(machine, name), args }),
  ]);
  expect(answers).toEqual(judged.map(([what, , , wanted]) => [what, wanted]));
});

test.each(machines)('a foreign machine’s calls kill on %s', (machine) => {
  const foreign = [0x40000003, 0x40000028, 0xc0000000, 0, ...machines.map((name) => audit[name])];
  for (const arch of foreign.filter((one) => one !== audit[machine])) {
    expect(answer(machine, { nr: 1, arch })).toBe(kill);
  }
});

test('no call of the x32 kind is allowed, and none that came after the filter', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x3fffffff }), (nr) => {
      expect(answer('x64', { nr: 0x40000000 + nr })).toBe(refused(errno.EPERM));
      const later = lastCall + 1 + (nr % 1_000_000);
      expect(machines.map((machine) => answer(machine, { nr: later }))).toEqual(
        machines.map(() => refused(errno.ENOSYS)),
      );
    }),
    { seed: 20261123, numRuns: 200 },
  );
});

test.each(machines)('the program of %s jumps forward alone, and answers at its end', (machine) => {
  const program = seccompProgram(machine);
  for (const [index, { code, jt, jf }] of program.entries()) {
    const jumps = [op.equal, op.above, op.atLeast, op.anyOf].includes(code);
    const farthest = index + 1 + Math.max(jt, jf);
    expect(farthest).toBeLessThan(program.length + (jumps ? 0 : 1));
    expect(jumps || farthest === index + 1).toBe(true);
  }
  expect(program.at(-1)?.code).toBe(op.answer);
  // BPF_MAXINSNS [linux/bpf_common.h].
  expect(program.length).toBeLessThan(4096);
});
