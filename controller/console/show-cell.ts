// The cell as it was last heard, shown to whoever asks: status, tags, flows, devices, alarms, forces, why.
// Asked by the command line over control's socket, and by the console over station's port.
import { CellError } from '#contract/error.ts';
import { didYouMean } from '#contract/diagnostic.ts';
import { qualityOf, statusCode, statusText } from '#contract/quality.ts';
import type { Scalar, TagInfo } from '#contract/described.ts';
import type { Hello, Snapshot, Why } from '#contract/wire.ts';
import { millisecondsText, scalarText } from '#controller/cli/quantity.ts';
import { table } from '#controller/cli/verb.ts';
import { textOf, whyText } from '#flows/explain/text.ts';
import type { Shown } from './shown.ts';

/** A cell that was heard. */
export interface ShownPicture {
  readonly hello: Hello;
  readonly snapshot: Snapshot;
}

const pairs = (record: Readonly<Record<string, Scalar>> | undefined): string =>
  Object.entries(record ?? {})
    .map(([name, value]) => `${name}=${scalarText(value)}`)
    .join('  ');

/** UTC, as people read it. */
export const clockText = (time: number): string =>
  new Date(time).toISOString().replace('T', ' ').replace('Z', '');

/** A span for people: `3.1 s`, `4 min 10 s`. */
export const spanText = (from: number, to: number): string => {
  const span = Math.max(0, to - from);
  if (span < 10_000) return `${(span / 1000).toFixed(1)} s`;
  const seconds = Math.round(span / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

interface TagRow {
  tag: string;
  value: Scalar;
  quality: 'good' | 'uncertain' | 'bad';
  status: string;
  time: number;
  age: number | null;
  device: string | null;
  forced?: true;
}

function tagRow(info: TagInfo, snapshot: Snapshot): TagRow {
  const state = snapshot.tags[info.name];
  const output = snapshot.outputs[info.name];
  const status = statusCode(state?.s ?? 0);
  const forced = state?.f === true || output?.by === 'force';
  return {
    tag: info.name,
    value: output === undefined ? (state?.v ?? null) : output.v,
    quality: qualityOf(status),
    status: statusText(status),
    time: state?.t ?? snapshot.time,
    age: state?.age_ms ?? null,
    device: info.device ?? null,
    ...(forced ? { forced: true as const } : {}),
  };
}

function tagTable(rows: readonly TagRow[], hello: Hello): Shown['page'] {
  const unit = new Map(hello.tags.map((info) => [info.name, info.unit ?? '']));
  return {
    head: ['TAG', 'VALUE', '', 'QUALITY', 'AGE', 'DEVICE'],
    rows: rows.map((row) => [
      row.tag,
      scalarText(row.value),
      unit.get(row.tag) ?? '',
      `${row.quality === 'good' ? 'good' : `${row.quality} ${row.status}`}${row.forced ? ' FORCED' : ''}`,
      row.age === null ? '' : `${Math.round(row.age)} ms`,
      row.device ?? '',
    ]),
  };
}

export function showStatus({ hello, snapshot }: ShownPicture): Shown {
  const alarms = Object.values(snapshot.alarms).filter((alarm) => alarm !== null).length;
  const value = {
    cell: hello.cell,
    version: hello.version,
    boot: hello.boot,
    simulated: hello.simulated,
    durability: hello.durability,
    seq: snapshot.seq,
    flows: snapshot.flows,
    devices: snapshot.devices,
    alarms,
    forces: Object.keys(snapshot.forces).length,
    scan: snapshot.scan,
    chronicle: snapshot.chronicle,
  };
  return { value, page: statusPage(hello, snapshot, alarms) };
}

function statusPage(hello: Hello, snapshot: Snapshot, alarms: number): string {
  const flows = Object.entries(snapshot.flows).flatMap(([name, flow]) =>
    Object.entries(flow.regions).map(([region, state]) => [
      `${name}.${region}`,
      state.state.slice(region.length + 1),
      `for ${spanText(state.sinceTime, snapshot.time)}`,
      flow.stepped ? '' : `NOT RUNNING: ${flow.reason ?? ''}`,
    ]),
  );
  const devices = Object.entries(snapshot.devices).map(([name, device]) => [
    name,
    device.state,
    device.lastGood === undefined
      ? 'never answered'
      : `answered ${spanText(device.lastGood, snapshot.time)} ago`,
    device.error?.text ?? '',
  ]);
  const { scan, chronicle } = snapshot;
  return [
    `${hello.cell}  ${hello.title}${hello.simulated ? '  SIMULATED' : ''}  boot ${hello.boot}  rebe ${hello.version}`,
    '',
    table(flows),
    '',
    table(devices),
    '',
    `alarms ${alarms}   forces ${Object.keys(snapshot.forces).length}`,
    `scan ${scan.count}, missed ${scan.missed}, cost p50 ${millisecondsText(scan.cost.p50)} p99 ${millisecondsText(scan.cost.p99)}`,
    `chronicle ${hello.durability}${chronicle.ok ? '' : ' NOT OK'}, entry ${snapshot.seq}, commit p50 ${millisecondsText(chronicle.commit.p50)} p99 ${millisecondsText(chronicle.commit.p99)}`,
  ].join('\n');
}

/** Tags with this part in their names. */
export function showTags({ hello, snapshot }: ShownPicture, part = ''): Shown {
  const rows = hello.tags
    .filter((info) => info.name.includes(part))
    .map((info) => tagRow(info, snapshot));
  const names = hello.tags.map(({ name }) => name);
  return {
    value: rows,
    page:
      rows.length === 0
        ? `no tag has ${part} in its name${didYouMean(part, names)}`
        : tagTable(rows, hello),
  };
}

/** Throws `E_ACT_TAG` for a name that the cell does not have. */
export function showRead({ hello, snapshot }: ShownPicture, names: readonly string[]): Shown {
  const rows = names.map((name) => tagRow(tagOf(hello, name), snapshot));
  const unwell = rows.some((row) => row.quality !== 'good');
  return { value: rows, page: tagTable(rows, hello), unwell };
}

/** All flows, or the one that is named; throws `E_ACT_FLOW`. */
export function showFlows({ hello, snapshot }: ShownPicture, name?: string): Shown {
  const chosen = chooseFlows(hello, name);
  const value = chosen.map((info) => ({ ...info, ...snapshot.flows[info.name] }));
  return { value, page: chosen.map((info) => flowText(info, snapshot)).join('\n\n') };
}

function flowText(info: Hello['flows'][number], snapshot: Snapshot): string {
  const flow = snapshot.flows[info.name];
  return [
    `${info.name}  version ${info.version}  ${info.hash.slice(0, 12)}  ${info.file}  restart ${info.restart}`,
    ...(flow?.stepped === false
      ? [`  NOT RUNNING: ${flow.reason ?? ''}  (rebe resume ${info.name})`]
      : []),
    ...Object.values(flow?.regions ?? {}).map(
      (region) => `  ${region.state}  for ${spanText(region.sinceTime, snapshot.time)}`,
    ),
    `  memory      ${pairs(flow?.ctx)}`,
    `  parameters  ${pairs(flow?.parameters)}`,
    `  commands    ${info.commands.map((command) => command.name).join('  ')}`,
  ].join('\n');
}

export function showDevices({ hello, snapshot }: ShownPicture): Shown {
  const value = hello.devices.map((info) => ({ ...info, ...snapshot.devices[info.name] }));
  const rows = value.map((row) => [
    row.name,
    row.driver,
    row.address,
    row.state ?? '',
    row.lastGood === undefined ? 'never' : `${spanText(row.lastGood, snapshot.time)} ago`,
    millisecondsText(row.latency?.p50),
    millisecondsText(row.latency?.p99),
    `${row.stale ?? ''}`,
    `${row.late ?? ''}`,
    row.error === undefined ? '' : `${row.error.code} ${row.error.text}`,
  ]);
  const names = 'DEVICE DRIVER ADDRESS STATE LAST-ANSWER P50 P99 LOST DROPPED ERROR'.split(' ');
  const head = names.map((name) => name.replace('-', ' '));
  return { value, page: { head, rows }, unwell: value.some(({ state }) => state !== 'online') };
}

export function showAlarms({ snapshot }: ShownPicture): Shown {
  const value = Object.entries(snapshot.alarms)
    .flatMap(([id, alarm]) => (alarm === null ? [] : [{ id, ...alarm }]))
    .toSorted((left, right) => left.priority - right.priority || right.raised - left.raised);
  const rows = value.map((row) => [
    String(row.priority),
    row.id,
    row.state,
    clockText(row.raised),
    textOf(row.text),
    textOf(row.response),
  ]);
  const head = ['PRIORITY', 'ID', 'STATE', 'SINCE', 'TEXT', 'WHAT TO DO'];
  const page = rows.length === 0 ? 'no alarms' : { head, rows };
  return { value, page, unwell: rows.length > 0 };
}

export function showForces({ snapshot }: ShownPicture): Shown {
  const value = Object.entries(snapshot.forces)
    .flatMap(([tag, force]) => (force === null ? [] : [{ tag, ...force }]))
    .toSorted((left, right) => left.until - right.until);
  const rows = value.map((row) => [
    row.tag,
    scalarText(row.value),
    row.actor,
    spanText(snapshot.time, row.until),
    row.reason,
  ]);
  const head = ['TAG', 'VALUE', 'BY', 'ENDS IN', 'WHY'];
  const page = rows.length === 0 ? 'nothing is forced' : { head, rows };
  return { value, page, unwell: rows.length > 0 };
}

export const showWhys = (whys: readonly Why[]): Shown => ({
  value: whys,
  page: whys.map((heard) => whyText(heard)).join('\n\n'),
});

export function chooseFlows(hello: Hello, wanted: string | undefined): Hello['flows'] {
  return wanted === undefined ? hello.flows : [flowOf(hello, wanted)];
}

/** Throws `E_ACT_FLOW`. */
export function flowOf(hello: Hello, name: string): Hello['flows'][number] {
  const flow = hello.flows.find((candidate) => candidate.name === name);
  if (flow === undefined) throw unknownName('E_ACT_FLOW', 'flow', name, hello.flows);
  return flow;
}

/** Throws `E_ACT_TAG`. */
export function tagOf(hello: Hello, name: string): TagInfo {
  const tag = hello.tags.find((candidate) => candidate.name === name);
  if (tag === undefined) throw unknownName('E_ACT_TAG', 'tag', name, hello.tags);
  return tag;
}

/** A name that the cell does not have, with the nearest that it has. */
export function unknownName(
  code: 'E_ACT_FLOW' | 'E_ACT_TAG' | 'E_ACT_COMMAND' | 'E_ACT_PARAMETER' | 'E_ACT_ALARM',
  subject: string,
  wrong: string,
  known: readonly { readonly name: string }[],
): CellError {
  const names = known.map(({ name }) => name);
  return new CellError(code, `no ${subject} ${wrong}${didYouMean(wrong, names)}`);
}
