// A whole control in the test's own thread: every part is the product's, on a clock that the test moves,
// with a device that answers when the test says so and a record whose writer takes its turns by hand.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '#contract/entry.ts';
import { present } from '#contract/error.ts';
import { tagName } from '#contract/name.ts';
import { status } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { instant, utcMs } from '#contract/time.ts';
import { Pages, snapshotPages } from '#contract/pages.ts';
import type { ActMessage, Done, Receipt, Snapshot } from '#contract/wire.ts';
import { assemble } from '#controller/cell.ts';
import { Chronicle } from '#controller/chronicle/chronicle.ts';
import { ChronicleDatabase } from '#controller/chronicle/database.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { openWriter } from '#controller/chronicle/writer-thread.ts';
import type { OpenedWriter } from '#controller/chronicle/writer-thread.ts';
import { formatLoading, loadCell } from '#controller/config.ts';
import type { LoadedCell } from '#controller/config.ts';
import { Control } from '#controller/control.ts';
import type { ControlParts } from '#controller/parts.ts';
import { readPast } from '#controller/start/past.ts';
import type { Past } from '#controller/start/past.ts';
import { RetainedFile } from '#controller/start/retained.ts';
import { Visits } from '#controller/scan/visits.ts';
import { Cell } from '#flows/engine/cell.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import { importTables } from '#test/flow/both-engines.ts';
import { machine, other } from '#test/flow/machine-flow.ts';
import { makeFolder, TestClock } from './chronicle/local-chronicle.ts';
import { DeviceDouble, settled } from './device-double.ts';

export interface RigOptions {
  readonly durability?: 'strict' | 'fast';
  readonly restart?: 'hot' | 'ask' | 'warm' | 'cold';
  readonly onReturn?: 'restore' | 'safe';
  readonly backlog?: string;
  readonly machine?: string;
  /** Inputs that no flow reads. */
  readonly more?: readonly string[];
}

const manifestOf = ({
  durability = 'strict',
  restart = 'warm',
  onReturn = 'restore',
  backlog = '1MB',
  more = [],
}: RigOptions): string => `
cell: rig
format: cell/1
chronicle: {durability: ${durability}, stall: 100ms, backlog: ${backlog}}
devices:
  io: {driver: modbus, tcp: 127.0.0.1:1, unit: 1, poll: {fast: 20ms}, onReturn: ${onReturn}}
tags:
  part: {device: io, at: {discrete: 0}}
  level: {device: io, at: {input: 0, as: f32}}
  spare: {device: io, at: {input: 4}}
  code: {device: io, at: {input: 8, as: string(8)}}
  motor: {device: io, at: {coil: 0}}
  speed: {device: io, at: {holding: 0}}
  lamp: {device: io, at: {holding: 1}}
  gate: {device: io, at: {discrete: 1}}
  horn: {device: io, at: {coil: 1}}
${more.map((name, at) => `  ${name}: {device: io, at: {holding: ${at + 100}}, type: int}\n`).join('')}flows:
  machine: {file: machine.flow.yaml, restart: ${restart}}
  other: {file: other.flow.yaml, restart: ${restart}}
`;

/** One life's time. */
class LifeClock extends TestClock {
  readonly #before: number;

  constructor(before: number) {
    super();
    this.#before = before;
  }

  /** Ms since the first life began. */
  gone = () => this.#before + this.now();
  override time = () => utcMs(1_790_000_000_000 + this.gone());
}

/** A folder that holds a cell and its data, for one life of control after another. */
export class CellFolder {
  readonly #made = makeFolder();
  readonly data = join(this.#made.path, 'data');
  #clock = new LifeClock(0);
  /** What the supervisor would know: outputs have left ahead of the record. */
  ahead = false;

  /** The clock of the newest life. */
  get clock(): LifeClock {
    return this.#clock;
  }

  /** Monotonic time begins anew, UTC goes on. */
  nextClock(): LifeClock {
    this.#clock = new LifeClock(this.#clock.gone());
    return this.#clock;
  }

  write(options: RigOptions = {}): string {
    mkdirSync(this.data, { recursive: true });
    writeFileSync(join(this.#made.path, 'machine.flow.yaml'), options.machine ?? machine);
    writeFileSync(join(this.#made.path, 'other.flow.yaml'), other);
    const manifest = join(this.#made.path, 'cell.yaml');
    writeFileSync(manifest, manifestOf(options));
    return manifest;
  }

  async load(options: RigOptions = {}): Promise<LoadedCell> {
    const loading = await loadCell(this.write(options));
    return present(loading.cell, formatLoading(loading));
  }

  entries(): Entry[] {
    const reader = openReader(join(this.data, 'chronicle.db'));
    try {
      return [...reader.entries()];
    } finally {
      reader.close();
    }
  }

  [Symbol.dispose](): void {
    this.#made.remove();
  }
}

/** One life of control. */
export class ControlRig {
  readonly clock: TestClock;
  readonly device: DeviceDouble;
  readonly control: Control;
  readonly parts: ControlParts;
  readonly loaded: LoadedCell;
  readonly past: Past;
  /** Receipts and `done`s, in the order in which they came. */
  readonly answers: (Receipt | Done)[] = [];
  readonly failures: unknown[] = [];
  /** False: the disk does not answer. */
  disk = true;
  readonly #writer: OpenedWriter;
  #ids = 0;

  private constructor(made: {
    readonly clock: TestClock;
    readonly device: DeviceDouble;
    readonly control: Control;
    readonly loaded: LoadedCell;
    readonly past: Past;
    readonly writer: OpenedWriter;
    readonly parts: ControlParts;
  }) {
    this.clock = made.clock;
    this.device = made.device;
    this.control = made.control;
    this.loaded = made.loaded;
    this.past = made.past;
    this.#writer = made.writer;
    this.parts = { ...made.parts, failed: (error) => void this.failures.push(error) };
    this.control.assemble(this.parts);
  }

  /** Starts control on the folder, as cell.ts does; inputs have had their first answer. */
  static async start(folder: CellFolder, options: RigOptions = {}): Promise<ControlRig> {
    const { data } = folder;
    const clock = folder.nextClock();
    const device = new DeviceDouble();
    device.answer = 'confirmed';
    const loaded = withDevice(await folder.load(options), device);
    const { ahead } = folder;
    const retained = new RetainedFile(data).read();
    const visits = new Visits(data);
    const past = await readPast(data, loaded, { now: clock.time(), ahead, retained, visits });
    const tables = await importTables(loaded.plan.flows.map(({ flow }) => flow));
    const engines = loaded.plan.flows.map(({ flow }, index) => ({
      xstate: createXstateEngine(flow),
      table: present(tables[index], 'a table of the flow')(),
    }));
    const cell = new Cell(loaded.plan, engines);
    const control = new Control(clock);
    const { chronicle, writer } = await openRecord(clock, data, loaded, control);
    const start = Math.floor(clock.now());
    const parts = assemble({
      clock,
      random: () => 0.5,
      channel: {
        progress: () => undefined,
        ahead: (now) => {
          folder.ahead = now;
        },
      },
      data,
      loaded,
      cell,
      control,
      chronicle,
      engine: 'e',
      visits,
      start,
    });
    const rig = new ControlRig({ clock, device, control, loaded, past, writer, parts });
    rig.parts.recorder.boot({ version: '0', node: '0', platform: 'test', before: 'first' });
    cell.enter(past.state, past.ways, start);
    rig.parts.door.remember(past.acts);
    rig.parts.alarms.remember(past.alarms);
    control.segment('boot');
    await rig.parts.systemTags.start();
    await rig.parts.devices.start((name, limit) => control.doubtful(name, limit));
    rig.health('online', 1);
    rig.parts.outputs.allSafe();
    rig.parts.feed.start();
    rig.give({ part: false, level: 0, spare: 0, code: '', gate: false });
    rig.parts.loop.start();
    control.resumeHot(past.hot);
    await rig.pass(60);
    return rig;
  }

  /** Time goes on, in steps in which everything has its turn; the device confirms its inputs. */
  async pass(span: number, step = 5): Promise<void> {
    for (let gone = 0; gone < span; gone += step) {
      this.confirm();
      this.clock.pass(Math.min(step, span - gone));
      this.write();
      // oxlint-disable-next-line no-await-in-loop -- one step after another
      await settled();
    }
    this.write();
    await settled();
  }

  /** The disk takes what waits, when it answers. */
  write(): void {
    if (!this.disk) return;
    while (this.#writer.turn() === 0);
  }

  /** The device gives these values. */
  give(values: Readonly<Record<string, Value>>, code: StatusCode = status.Good): void {
    const received = instant(this.clock.now());
    const time = utcMs(this.clock.time());
    this.device.sink?.samples(
      Object.entries(values).map(([tag, value]) => ({
        tag: tagName(tag),
        value,
        status: code,
        time,
        received,
      })),
    );
  }

  readonly #inputs = ['part', 'level', 'spare', 'code', 'gate'].map((name) => tagName(name));
  /** True: it gives no sign of life. */
  silent = false;

  confirm(): void {
    if (!this.silent) this.device.sink?.seen(this.#inputs, instant(this.clock.now()));
  }

  health(state: 'online' | 'degraded' | 'backoff', epoch: number): void {
    this.device.sink?.health({
      state,
      since: utcMs(this.clock.time()),
      epoch,
      failures: 0,
      latency: { p50: 1, p99: 1 },
      requests: 1,
      late: 0,
      stale: 0,
    });
  }

  /** Asks control for something; the answers come to `answers`. The id. */
  act(
    verb: string,
    args: ActMessage['args'],
    more: Partial<Pick<ActMessage, 'id' | 'actor' | 'approval' | 'expect' | 'ttl_ms'>> = {},
  ): string {
    this.#ids += 1;
    const id = more.id ?? `act-${String(this.#ids).padStart(8, '0')}`;
    this.parts.door.receive(
      { type: 'act', actor: 'console:ann', verb, args, ttl_ms: 2000, ...more, id },
      (answer) => void this.answers.push(answer),
    );
    return id;
  }

  command(name: string, more: Parameters<ControlRig['act']>[2] = {}): string {
    return this.act('command', { flow: 'machine', name }, more);
  }

  /** What the act got first; it was refused or accepted at once. */
  receipt(id: string): Receipt | undefined {
    const found = this.answers.find((answer) => answer.id === id);
    return found?.type === 'receipt' ? found : undefined;
  }

  done(id: string): Done | undefined {
    return this.answers.findLast(
      (answer): answer is Done => answer.type === 'done' && answer.id === id,
    );
  }

  state(region: string): string {
    const run = present(this.parts.cell.flows[0], 'the machine');
    const index = run.flow.regions.findIndex(({ name }) => name === region);
    return run.flow.states[run.configuration.leaves[index] ?? -1]?.path ?? '';
  }

  /** What a client that comes now would be shown. */
  picture(): Snapshot {
    const { view } = this.parts;
    const head = { frame: 0, ...view.moment() };
    const pages = new Pages();
    const shown = [...snapshotPages(head, view.entries(), view.figures())].map((page) =>
      pages.take(page),
    );
    const whole = present(shown.at(-1), 'the last page makes it whole');
    if (whole.type !== 'snapshot') throw new Error('it is a snapshot');
    return whole;
  }

  /** The last value that the device was told, by output. */
  told(tag: string): Value | undefined {
    return this.device.written.findLast((request) => request.tag === tag)?.value;
  }

  /** An orderly end. */
  async stop(): Promise<void> {
    const stopping = this.control.stop('test');
    const life = { ended: false };
    const end = (): void => {
      life.ended = true;
    };
    void stopping.then(end, end);
    while (!life.ended) {
      this.clock.pass(5);
      this.write();
      if (this.#writer.turn() === 'end') this.#writer.close();
      // oxlint-disable-next-line no-await-in-loop -- until all have ended
      await settled();
    }
    await stopping;
  }

  /** As after `kill -9`: what is on disk is on disk, nothing else happens. */
  kill(): void {
    this.parts.loop.stop();
    this.parts.feed.stop();
    this.#writer.close();
  }
}

async function openRecord(
  clock: TestClock,
  data: string,
  { manifest }: LoadedCell,
  control: Control,
): Promise<{ chronicle: Chronicle; writer: OpenedWriter }> {
  const { durability, stall, backlog, max } = manifest.chronicle;
  const made: { writer?: OpenedWriter } = {};
  const options = {
    path: join(data, 'chronicle.db'),
    keys: join(data, 'keys'),
    cell: manifest.cell,
    durability,
    stall,
    backlog,
    max,
  };
  const chronicle = await Chronicle.open(
    clock,
    (setup, heard) => {
      const writer = openWriter(setup, heard, () => new ChronicleDatabase(setup.path, 'fast'));
      if (writer !== undefined) made.writer = writer;
      return { end: () => Promise.resolve() };
    },
    options,
    control,
  );
  return { chronicle, writer: present(made.writer, 'the writer is open') };
}

/** The same cell with the double behind its device. */
function withDevice(cell: LoadedCell, device: DeviceDouble): LoadedCell {
  const devices = [...cell.devices].map(
    ([name, { kind, config }]) =>
      [name, { kind: { ...kind, create: () => device }, config }] as const,
  );
  return { ...cell, devices: new Map(devices) };
}
