// What runs and what listens, read from /proc: so that a test can say that nothing is left.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { childrenOf } from './test-cell.ts';

/** A process and when it began, so that its number can be told from a later one's. */
export interface Process {
  readonly pid: number;
  readonly began: string;
  readonly words: string;
}

function processOf(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name in brackets: state is the first field, the start time the twentieth.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, began: fields[19] ?? '', words };
  } catch {
    return undefined;
  }
}

/** A process and everything that it started, now. */
export function family(pid: number): Process[] {
  const own = processOf(pid);
  return [
    ...(own === undefined ? [] : [own]),
    ...childrenOf(pid).flatMap((child) => family(child)),
  ];
}

/** Those of them that still run. */
export const living = (processes: readonly Process[]): Process[] =>
  processes.filter(({ pid, began }) => processOf(pid)?.began === began);

/** Every process that was started with this text among its words. */
export function processesWith(text: string): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? [])
    .filter(({ pid, words }) => pid !== process.pid && words.includes(text));
}

/** TCP ports on which these processes listen. */
export function portsOf(processes: readonly Process[]): number[] {
  const sockets = new Set(processes.flatMap(({ pid }) => socketsOf(pid)));
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  return lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const listens = fields[3] === '0A' && sockets.has(fields[9] ?? '');
    return listens ? [Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)] : [];
  });
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Does anyone accept a connection there? */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
