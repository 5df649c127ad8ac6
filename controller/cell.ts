// The composition root of control: reads the cell, opens the record, makes every part, joins them, and
// starts them in the order in which nothing moves before its cause can be recorded.
import { join } from 'node:path';
import type { Clock, Random } from '#contract/time.ts';
import { milliseconds } from '#contract/time.ts';
import { Chronicle, threadAt } from '#controller/chronicle/chronicle.ts';
import { historyThreadAt } from '#controller/history/log.ts';
import { WireServer } from '#controller/wire/server.ts';
import { Cell } from '#flows/engine/cell.ts';
import { Grid } from '#flows/engine/grid.ts';
import { Image } from '#flows/engine/image.ts';
import { Intake } from '#flows/engine/intake.ts';
import { SystemAlarms } from '#controller/scan/alarms.ts';
import { besideAt } from '#controller/process/beside.ts';
import type { Channel } from '#controller/process/channel.ts';
import { formatLoading, loadCell } from './config.ts';
import type { LoadedCell } from './config.ts';
import { Control } from './control.ts';
import { Devices } from '#controller/devices/devices.ts';
import { enrolment } from './enrolled.ts';
import { Door } from '#controller/door/door.ts';
import { keepFlow, loadEngines } from '#controller/scan/engines.ts';
import { Feed } from '#controller/door/feed.ts';
import { FlowAlarmTimes } from '#controller/scan/flow-alarm-times.ts';
import { lockData } from '#controller/process/lock.ts';
import { Loop } from './loop.ts';
import { tellLostRecord, tellLostTail } from '#controller/start/lost.ts';
import { MirrorWatch } from '#controller/scan/mirror-watch.ts';
import { Outputs } from '#controller/devices/outputs.ts';
import { lost, readPast } from '#controller/start/past.ts';
import { builtFile, productVersion } from './product.ts';
import { Recorder } from '#controller/scan/recorder.ts';
import { Rehearsal } from '#controller/scan/rehearsal.ts';
import { BreakGlass } from './break-glass.ts';
import { tellRestored } from '#controller/start/restored.ts';
import { RetainedFile } from '#controller/start/retained.ts';
import { Stops } from '#controller/scan/stops.ts';
import { SystemTags } from '#controller/scan/system-tags.ts';
import { Trends } from '#controller/scan/trends.ts';
import { View } from '#controller/door/view.ts';
import { Visits } from '#controller/scan/visits.ts';
import { Withholding } from '#controller/devices/withholding.ts';

/** What a control process is started with. */
export interface ControlOptions {
  readonly manifest: string;
  readonly data: string;
  readonly endpoints?: string | undefined;
  /** The run before let outputs leave ahead of its record, and ended before it could say so. */
  readonly ahead: boolean;
}

export interface RunningControl {
  /** Ends in order: outputs safe, the record on disk. False when an output was not confirmed safe. */
  stop(why: string): Promise<boolean>;
  /** An invariant broke: outputs go safe, the record says so, and the process ends soon after. */
  failed(error: unknown): void;
}

/** Starts control; undefined when manifest or flows have errors, which are then printed. */
// oxlint-disable-next-line max-lines-per-function -- the order of a start, which is to be read in one piece
export async function startControl(
  clock: Clock,
  random: Random,
  channel: Channel,
  options: ControlOptions,
): Promise<RunningControl | undefined> {
  const loading = await loadCell(options.manifest, options.endpoints);
  const loaded = loading.cell;
  if (loaded === undefined) {
    process.stderr.write(`${formatLoading(loading)}\n`);
    return undefined;
  }
  const { data } = options;
  const lock = lockData(data);
  for (const flow of loaded.flows.values()) keepFlow(data, flow);
  const { engines, hash } = await loadEngines(data, loaded.plan, loaded.flows);
  const retained = new RetainedFile(data).read();
  const visits = new Visits(data);
  const facts = { now: clock.time(), ahead: options.ahead, retained, visits };
  const past = await readPast(data, loaded, facts);
  const cell = new Cell(loaded.plan, engines);
  const control = new Control(clock);
  const chronicle = await openChronicle(clock, data, loaded, control);
  // The grid and the record count from one instant; deadlines that pass until the first scan are missed ones.
  const start = Math.floor(clock.now());
  const parts = assemble({
    clock,
    random,
    channel,
    data,
    loaded,
    cell,
    control,
    chronicle,
    engine: hash,
    visits,
    start,
  });
  control.assemble(parts);

  const { aside, before, boot } = chronicle.opened;
  parts.recorder.boot({
    version: productVersion,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    before: aside === undefined ? before : 'broken',
    ...(aside === undefined ? {} : { aside: aside.file }),
  });
  const entry = aside === undefined ? past : lost(loaded, facts, aside.why);
  cell.enter(entry.state, entry.ways, start);
  parts.door.remember(entry.acts);
  parts.alarms.remember(entry.alarms);
  if (options.ahead) {
    tellLostTail(parts.recorder, clock.time());
    control.declared();
  }
  control.segment('boot');
  if (entry.lost !== undefined) {
    tellLostRecord(parts, clock.time(), { why: entry.lost, aside: aside?.file });
  }
  if (entry.restored !== undefined) tellRestored(parts, clock.time(), entry.restored);
  parts.breakGlass.start(parts.recorder);
  await parts.systemTags.start();
  await parts.devices.start((device, limit) => control.doubtful(device, limit));
  parts.outputs.allSafe();
  const server = new WireServer(clock, control);
  await server.listen(join(data, 'control.sock'));
  parts.feed.start();
  parts.mirror.start();
  const historyFile = new URL(`file://${builtFile('controller/history-writer.js')}`);
  parts.trends.begin(historyThreadAt(historyFile), aside === undefined ? before : 'broken');
  parts.loop.start();
  control.resumeHot(entry.hot);
  parts.rehearsal.start();
  const { scan } = loaded.manifest;
  const beside = besideAt(loaded.manifest, options.manifest);
  channel.ready({ watchdog_ms: scan.watchdog, ...beside, url: `boot ${boot}` });
  return {
    stop: async (why) => {
      const safe = await control.stop(why);
      await server.close();
      lock.release();
      return safe;
    },
    failed: (error) => control.failed(error),
  };
}

function openChronicle(
  clock: Clock,
  data: string,
  loaded: LoadedCell,
  control: Control,
): Promise<Chronicle> {
  const { manifest } = loaded;
  const thread = threadAt(new URL(`file://${builtFile('controller/chronicle-writer.js')}`));
  const { durability, stall, backlog, max } = manifest.chronicle;
  const options = {
    path: join(data, 'chronicle.db'),
    keys: join(data, 'keys'),
    cell: manifest.cell,
    durability,
    stall,
    backlog,
    max,
  };
  return Chronicle.open(clock, thread, options, control);
}

/** What the parts of control are made from. */
export interface Assembly {
  readonly clock: Clock;
  readonly random: Random;
  readonly channel: Pick<Channel, 'progress' | 'ahead'>;
  readonly data: string;
  readonly loaded: LoadedCell;
  readonly cell: Cell;
  readonly control: Control;
  readonly chronicle: Chronicle;
  readonly engine: string;
  readonly visits: Visits;
  readonly start: number;
}

/** Every part of control, joined; none of them started. */
// oxlint-disable-next-line max-lines-per-function -- one list of everything that control is made of
export function assemble({
  clock,
  random,
  channel,
  data,
  loaded,
  cell,
  control,
  chronicle,
  engine,
  visits,
  start,
}: Assembly) {
  const { manifest, plan } = loaded;
  const image = new Image(plan.tags);
  const intake = new Intake(plan);
  const grid = new Grid({ ...manifest.scan, last: start });
  const loop = new Loop(clock, { grid, image, intake, cell }, control);
  const rehearsal = new Rehearsal(clock, (error) =>
    process.stderr.write(`rehearsal: ${String(error)}\n`),
  );
  const devices = new Devices({ clock, random, data }, loaded, image, {
    arrived: () => {
      if (!loop.wake()) rehearsal.polled();
    },
    health: (device, health, before) => control.health(device, health, before),
    log: (text) => process.stderr.write(`${text}\n`),
  });
  const { durability } = manifest.chronicle;
  const outputs = new Outputs(
    clock,
    devices.outputs(),
    { durability },
    {
      ended: (output, value, result) => control.written(output, value, result),
    },
  );
  const recorder = new Recorder(clock, chronicle, plan);
  const flowAlarms = new FlowAlarmTimes((flow) => plan.flows[flow]?.name ?? '');
  const alarms = new SystemAlarms((change) => control.alarmChanged(change));
  const systemTags = new SystemTags(clock, plan, image, data);
  const view: View = new View(clock, {
    loaded,
    cell,
    devices,
    outputs,
    boot: chronicle.opened.boot,
    ageOf: (tag, now) => image.ageOf(tag, now),
    alarms: () => control.standing(),
    stopped: () => stops.last,
    figures: () => control.figures(),
    seq: () => chronicle.seq,
    lastTransition: (flow) => control.lastTransition(flow),
    usual: (flow, state) => visits.usual(flow, state),
  });
  const stops = new Stops(cell, (tag) => view.tagState(tag));
  return {
    loaded,
    cell,
    intake,
    loop,
    outputs,
    devices,
    door: new Door(clock, plan, control, enrolment(data)),
    feed: new Feed(clock, view),
    view,
    stops,
    alarms,
    breakGlass: new BreakGlass(clock, data, alarms),
    flowAlarms,
    rehearsal,
    mirror: new MirrorWatch(clock, manifest.mirror !== 'none', { systemTags, alarms }),
    systemTags,
    chronicle,
    recorder,
    trends: new Trends(clock, { data, loaded, cell }, { alarms, recorder }),
    retained: new RetainedFile(data),
    visits,
    withholding: new Withholding(cell, outputs, devices),
    engine,
    progress: (now: number) => channel.progress(now),
    ahead: (ahead: boolean) => channel.ahead(ahead),
    failed: (error: unknown) => {
      process.stderr.write(`E_INTERNAL ${error instanceof Error ? error.stack : String(error)}\n`);
      // Long enough for safe values to reach the wire; the supervisor starts control again.
      clock.after(milliseconds(200), () => process.exit(70));
    },
  };
}
