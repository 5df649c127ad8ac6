// User ids of confined sessions: one for each, which no person, no service and no other session of this PC has,
// so that the kernel itself keeps its processes from everything else. Nothing is written down anywhere.
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { CellError } from '#contract/error.ts';

/** In the range that systemd's UIDS-GIDS leaves unused, far above people, services and containers. */
export const firstUid = 1_900_000_000;
/** Sessions at a time on one PC. */
const count = 64;

export interface ClaimedUid {
  readonly uid: number;
  release(): Promise<void>;
}

/**
 * A free id: no process of this machine has it, and nobody else on it has claimed it. The claim is an abstract socket,
 * which ends with its process. Throws `E_SHELL_FULL`.
 */
export async function claimUid(): Promise<ClaimedUid> {
  const taken = uidsInUse();
  for (let uid = firstUid; uid < firstUid + count; uid += 1) {
    if (taken.has(uid)) continue;
    const claim = await listenOn(`\0rebe-shell-uid-${uid}`);
    if (claim === undefined) continue;
    return { uid, release: async () => new Promise((done) => claim.close(() => done())) };
  }
  throw new CellError('E_SHELL_FULL', `all ${count} user ids of shells are in use on this PC`);
}

/** Processes of this user, by their ids on this machine. */
export const processesOf = (uid: number): readonly number[] =>
  processes()
    .filter(({ uids }) => uids.includes(uid))
    .map(({ pid }) => pid);

const uidsInUse = (): ReadonlySet<number> => new Set(processes().flatMap(({ uids }) => uids));

/** Every process that can be seen, with its real, effective, saved and file system user. In one go: some ms. */
function processes(): readonly { readonly pid: number; readonly uids: readonly number[] }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      const status = statusOf(pid);
      // One that has ended and is not waited for yet runs nothing.
      if (/^State:\s+[ZX]/m.test(status)) return { pid: Number(pid), uids: [] };
      const [, uids = ''] = /^Uid:\s+(.*)$/m.exec(status) ?? [];
      return { pid: Number(pid), uids: uids.split(/\s+/).filter(Boolean).map(Number) };
    });
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

async function listenOn(name: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });
}
