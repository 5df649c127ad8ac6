// What a soak does to a running cell: faults of devices and of the machine, deaths and pauses of processes, pages that come
// and go. Each ends by itself, and says when everything is as it was.
import { WebSocket } from 'ws';
import { present } from '#contract/error.ts';
import { liveProtocol } from '#contract/pace.ts';
import { readStationUrl } from '#controller/server/link.ts';
import { ask } from '#simulator/door.ts';
import { deviceFaults } from '#simulator/faults.ts';
import { portsOf } from '#test/system/processes.ts';
import type { Role, TestCell } from '#test/system/test-cell.ts';
import type { Floor } from './floor.ts';
import type { Judge, Lie } from './judge.ts';

export interface Trouble {
  /** `io hang`, `control kill`. */
  readonly kind: string;
  /** No two at once have the same. */
  readonly target: string;
  /** Does it; resolves when it is over. */
  begin(): Promise<void>;
  /** Is what it was done to as it was, after it was over at `ended` (UTC)? */
  isBack(ended: number): boolean | Promise<boolean>;
  /** Within which it must be, ms: many times what it takes on a quiet machine. */
  readonly limit: number;
}

/** What troubles are made of. */
export interface Site {
  readonly cell: TestCell;
  readonly floor: Floor;
  readonly judge: Judge;
  readonly random: () => number;
  /** How long a death of a process must lie behind before the next, ms. */
  readonly rest: number;
  /** Is power cut? All that was recorded is copied then. */
  readonly cuts: boolean;
}

const devices = ['io', 'plc', 'gauge', 'scanner'];
const acts = ['estop', 'gate-open', 'door-jam', 'coolant-loss', 'part-lost', 'pressure-leak'];
/** ms. */
const limit = 120_000;
/** Control that makes no progress for so long is killed by its supervisor (`soakManifest`). */
export const watchdog = 10_000;
const pageLimit = 20;
const powerCut = 'power cut';

const wait = (span: number): Promise<void> => new Promise((done) => setTimeout(done, span));

export class Troubles {
  readonly #site: Site;
  /** By role: when it last died. */
  readonly #died = new Map<Role, number>();
  readonly #deck: Role[] = [];
  #count = 0;
  /** Of control. */
  #deaths = 0;

  constructor(site: Site) {
    this.#site = site;
    // Each lives for a while first: how its memory grows is to be seen.
    for (const role of ['control', 'station', 'broker'] as const) this.#died.set(role, Date.now());
  }

  /** One, or two of different targets at once. A cut of power is alone: it takes everything. */
  next(): Trouble[] {
    const first = this.#one();
    if (first.kind === powerCut || this.#site.random() > 0.3) return [first];
    const second = this.#one();
    const apart = second.kind !== powerCut && second.target !== first.target;
    return apart ? [first, second] : [first];
  }

  #pick<T>(list: readonly T[]): T {
    return present(list[Math.floor(this.#site.random() * list.length)], 'one of a list');
  }

  /** Each role comes up, in an order of chance. */
  #draw(): Role {
    if (this.#deck.length === 0) this.#deck.push('control', 'station', 'broker', 'control');
    const place = Math.floor(this.#site.random() * this.#deck.length);
    return present(this.#deck.splice(place, 1)[0], 'a role');
  }

  #one(): Trouble {
    const { cell, random, cuts } = this.#site;
    this.#count += 1;
    const share = this.#count % 3 === 0 ? 1 : random();
    if (share < 0.45) return this.#device();
    if (share < 0.62) return this.#plant(this.#pick(acts));
    if (share < 0.68) return this.#pages();
    const role = this.#draw();
    if (cell.findPid(role) === undefined) return this.#device();
    const both = cell.findPid('control') !== undefined && cell.findPid('station') !== undefined;
    const rested = Date.now() - (this.#died.get(role) ?? 0) > this.#site.rest;
    if (!rested || role !== 'control') return this.#process(role, rested ? 'kill' : 'stop');
    // Its deaths come one after the other, each kind of them.
    this.#deaths += 1;
    const kinds = cuts && both ? 3 : 2;
    if (this.#deaths % kinds === 2) return this.#powerCut();
    return this.#process(role, this.#deaths % kinds === 1 ? 'kill' : 'long stop');
  }

  #device(): Trouble {
    const { cell, floor, judge, random } = this.#site;
    const device = this.#pick(devices);
    const kind = this.#pick(device === 'scanner' ? without('range') : deviceFaults);
    const lasts = Math.ceil(100 + random() * random() * 8000);
    const by = Math.ceil(20 + random() * 300);
    return {
      kind: `${device} ${kind}`,
      target: device,
      limit,
      begin: async () => {
        const lie = lieOf(device, kind, lasts);
        if (lie !== undefined) judge.lies.push(lie);
        await inject(cell, { target: device, kind, for_ms: lasts, by_ms: by });
        await wait(lasts);
        if (lie !== undefined) lie.to = Math.max(lie.to, Date.now());
      },
      isBack: (ended) => {
        const shown = floor.snapshot?.devices[device];
        return shown?.state === 'online' && (shown.lastGood ?? 0) >= ended;
      },
    };
  }

  #plant(kind: string): Trouble {
    const { cell, random } = this.#site;
    const lasts = Math.ceil(100 + random() * random() * 8000);
    return {
      kind: `plant ${kind}`,
      target: 'plant',
      limit,
      begin: async () => {
        const once = kind === 'part-lost';
        const done = await inject(cell, { target: 'plant', kind, for_ms: lasts });
        if (done && !once) await wait(lasts);
      },
      // What the machine needs after it is told by how long the work stands.
      isBack: () => true,
    };
  }

  #process(role: Role, how: 'kill' | 'stop' | 'long stop'): Trouble {
    const { cell, random } = this.#site;
    const pid = present(cell.findPid(role), `${role} runs`);
    const boot = this.#site.floor.hello?.boot ?? 0;
    const isBack = (ended: number): boolean | Promise<boolean> =>
      this.#runs(role, { pid, boot, ended });
    if (how === 'kill') {
      return {
        kind: `${role} kill`,
        target: role,
        limit,
        begin: async () => {
          this.#died.set(role, Date.now());
          signal(pid, 'SIGKILL');
        },
        isBack: (ended) => cell.findPid(role) !== pid && isBack(ended),
      };
    }
    // Beyond its patience the supervisor kills control, which is a death too.
    const long = how === 'long stop';
    const lasts = long ? watchdog + 3000 : Math.ceil(50 + random() * random() * 4000);
    return {
      kind: long ? 'control stop, past its watchdog' : `${role} stop`,
      target: role,
      limit,
      begin: async () => {
        if (long) this.#died.set(role, Date.now());
        signal(pid, 'SIGSTOP');
        await wait(lasts);
        signal(pid, 'SIGCONT');
      },
      isBack,
    };
  }

  /** Everything at once, the disk as it was in one moment; then it is switched on. */
  #powerCut(): Trouble {
    const { cell, floor } = this.#site;
    const boot = floor.hello?.boot ?? 0;
    return {
      kind: powerCut,
      target: 'control',
      limit: 2 * limit,
      begin: async () => {
        for (const role of ['control', 'station', 'broker'] as const) {
          this.#died.set(role, Date.now());
        }
        await cell.cutPower();
        cell.startCell();
      },
      isBack: async (ended) => {
        const pid = cell.findPid('control') ?? 0;
        if (!(await this.#runs('control', { pid: -pid, boot, ended }))) return false;
        return (await pageStatus(cell.data)) === 200;
      },
    };
  }

  async #runs(role: Role, was: { pid: number; boot: number; ended: number }): Promise<boolean> {
    const { cell, floor } = this.#site;
    if (role === 'control') {
      const { snapshot } = floor;
      const again = cell.findPid(role) === was.pid || (floor.hello?.boot ?? 0) > was.boot;
      return again && snapshot !== undefined && snapshot.time >= was.ended;
    }
    if (role === 'station') return (await pageStatus(cell.data)) === 200;
    const pid = cell.findPid(role);
    return pid !== undefined && portsOf([{ pid, began: '', words: '' }]).length > 0;
  }

  /** Some pages come at once, and go; one in four reads nothing. */
  #pages(): Trouble {
    const { cell, random } = this.#site;
    const count = 1 + Math.floor(random() * pageLimit);
    const stay = random() * 3000;
    return {
      kind: 'pages',
      target: 'station',
      limit,
      begin: async () => {
        const url = await readStationUrl(cell.data).catch(() => undefined);
        if (url === undefined) return;
        const pages = Array.from({ length: count }, (_, index) => visit(url, index % 4 === 3));
        await Promise.all(pages.map(({ shown }) => Promise.race([shown, wait(limit)])));
        await wait(stay);
        for (const { socket } of pages) socket.terminate();
      },
      isBack: async () => (await pageStatus(cell.data)) === 200,
    };
  }
}

const without = (name: string): typeof deviceFaults => deviceFaults.filter((kind) => kind !== name);

/** In what way the device may show what it has not, or lose what it says. */
function lieOf(device: string, kind: string, lasts: number): Lie | undefined {
  const now = Date.now();
  const span = { device, from: now, to: now + lasts };
  if (kind === 'stuck') return { ...span, how: 'lies' };
  return device === 'scanner' && kind !== 'slow' ? { ...span, how: 'loses' } : undefined;
}

/** False: the machine refused, as where there is no part to lose. */
async function inject(
  cell: TestCell,
  request: { target: string; kind: string; for_ms: number; by_ms?: number },
): Promise<boolean> {
  const answer = await ask(cell.machine, { verb: 'fault', ...request });
  return answer.ok;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It died meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function pageStatus(data: string): Promise<number | undefined> {
  try {
    const url = await readStationUrl(data);
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).status;
  } catch {
    return undefined;
  }
}

interface Visit {
  readonly socket: WebSocket;
  /** It has the whole picture, or it is over. */
  readonly shown: Promise<void>;
}

/** A page at station; `deaf`: it never reads, and is shown nothing. */
function visit(url: string, deaf: boolean): Visit {
  const { host, origin } = new URL(url);
  const socket = new WebSocket(`ws://${host}/live`, liveProtocol, { headers: { origin } });
  const shown = new Promise<void>((done) => {
    socket.on('error', () => done());
    socket.on('close', () => done());
    socket.on('open', () => {
      if (!deaf) return;
      socket.pause();
      done();
    });
    socket.on('message', (bytes: Buffer) => {
      const message = JSON.parse(bytes.toString('utf8')) as { type: string; frame?: number };
      if (message.frame !== undefined)
        socket.send(JSON.stringify({ type: 'ack', frame: message.frame }));
      if (message.type === 'snapshot') done();
    });
  });
  return { socket, shown };
}
