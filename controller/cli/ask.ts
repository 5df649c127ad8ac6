// Verbs that ask a running cell: status, tags, read, flows, devices, alarms, why.
import { CellError } from '#contract/error.ts';
import { didYouMean } from '#contract/diagnostic.ts';
import { qualityOf, statusCode, statusText } from '#contract/quality.ts';
import type { Scalar, TagInfo } from '#contract/described.ts';
import type { Hello, Snapshot } from '#contract/wire.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import { textOf, whyText } from '#flows/explain/text.ts';
import { millisecondsText, scalarText } from './quantity.ts';
import { answer, exit, table } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

async function ask(
  invocation: Invocation,
  read: (connection: Connection) => Promise<number> | number,
): Promise<number> {
  const connection = await openConnection(invocation.data);
  try {
    return await read(connection);
  } finally {
    connection.close();
  }
}

const pairs = (record: Readonly<Record<string, Scalar>> | undefined): string =>
  Object.entries(record ?? {})
    .map(([name, value]) => `${name}=${scalarText(value)}`)
    .join('  ');
const clock = (time: number): string =>
  new Date(time).toISOString().replace('T', ' ').replace('Z', '');
const ago = (from: number, now: number): string => {
  const span = Math.max(0, now - from);
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

function tagTable(rows: readonly TagRow[], hello: Hello): string {
  const unit = new Map(hello.tags.map((info) => [info.name, info.unit ?? '']));
  return table([
    ['TAG', 'VALUE', '', 'QUALITY', 'AGE', 'DEVICE'],
    ...rows.map((row) => [
      row.tag,
      scalarText(row.value),
      unit.get(row.tag) ?? '',
      `${row.quality === 'good' ? 'good' : `${row.quality} ${row.status}`}${row.forced ? ' FORCED' : ''}`,
      row.age === null ? '' : `${Math.round(row.age)} ms`,
      row.device ?? '',
    ]),
  ]);
}

const status: Verb = {
  name: 'status',
  usage: '',
  summary: 'Says what the cell does: flows, devices, alarms, scan and chronicle.',
  example: 'rebe status',
  words: [0, 0],
  run: (invocation) =>
    ask(invocation, ({ hello, snapshot }) => {
      const alarms = Object.values(snapshot.alarms).filter((alarm) => alarm !== null);
      const value = {
        cell: hello.cell,
        version: hello.version,
        boot: hello.boot,
        simulated: hello.simulated,
        durability: hello.durability,
        seq: snapshot.seq,
        flows: snapshot.flows,
        devices: snapshot.devices,
        alarms: alarms.length,
        forces: Object.keys(snapshot.forces).length,
        scan: snapshot.scan,
        chronicle: snapshot.chronicle,
      };
      answer(invocation, value, () => statusPage(hello, snapshot, alarms.length));
      return exit.good;
    }),
};

function statusPage(hello: Hello, snapshot: Snapshot, alarms: number): string {
  const flows = Object.entries(snapshot.flows).flatMap(([name, flow]) =>
    Object.entries(flow.regions).map(([region, state]) => [
      `${name}.${region}`,
      state.state.slice(region.length + 1),
      `for ${ago(state.sinceTime, snapshot.time)}`,
      flow.stepped ? '' : `NOT RUNNING: ${flow.reason ?? ''}`,
    ]),
  );
  const devices = Object.entries(snapshot.devices).map(([name, device]) => [
    name,
    device.state,
    device.lastGood === undefined
      ? 'never answered'
      : `answered ${ago(device.lastGood, snapshot.time)} ago`,
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

const tags: Verb = {
  name: 'tags',
  usage: '[PATTERN]',
  summary: 'Lists tags with value, quality, age and device; PATTERN is a part of the name.',
  example: 'rebe tags door',
  words: [0, 1],
  run: (invocation) =>
    ask(invocation, ({ hello, snapshot }) => {
      const part = invocation.words[0] ?? '';
      const rows = hello.tags
        .filter((info) => info.name.includes(part))
        .map((info) => tagRow(info, snapshot));
      const names = hello.tags.map(({ name }) => name);
      answer(invocation, rows, () =>
        rows.length === 0
          ? `no tag has ${part} in its name${didYouMean(part, names)}`
          : tagTable(rows, hello),
      );
      return exit.good;
    }),
};

const read: Verb = {
  name: 'read',
  usage: 'TAG...',
  summary: 'Reads the values of tags; ends with 1 when one of them is not good.',
  example: 'rebe read door.opened clamp.pressure',
  words: [1, 64],
  run: (invocation) =>
    ask(invocation, ({ hello, snapshot }) => {
      const rows = invocation.words.map((name) => {
        const info = hello.tags.find((tag) => tag.name === name);
        if (info === undefined) throw unknownName('E_ACT_TAG', 'tag', name, hello.tags);
        return tagRow(info, snapshot);
      });
      answer(invocation, rows, () => tagTable(rows, hello));
      return rows.every((row) => row.quality === 'good') ? exit.good : exit.found;
    }),
};

const flows: Verb = {
  name: 'flows',
  usage: '[FLOW]',
  summary: 'Lists flows with their states, commands, parameters and memory.',
  example: 'rebe flows tending',
  words: [0, 1],
  run: (invocation) =>
    ask(invocation, ({ hello, snapshot }) => {
      const chosen = chooseFlows(invocation, hello);
      const rows = chosen.map((info) => ({ ...info, ...snapshot.flows[info.name] }));
      answer(invocation, rows, () => chosen.map((info) => flowText(info, snapshot)).join('\n\n'));
      return exit.good;
    }),
};

function flowText(info: Hello['flows'][number], snapshot: Snapshot): string {
  const flow = snapshot.flows[info.name];
  return [
    `${info.name}  version ${info.version}  ${info.hash.slice(0, 12)}  ${info.file}  restart ${info.restart}`,
    ...(flow?.stepped === false
      ? [`  NOT RUNNING: ${flow.reason ?? ''}  (rebe resume ${info.name})`]
      : []),
    ...Object.values(flow?.regions ?? {}).map(
      (region) => `  ${region.state}  for ${ago(region.sinceTime, snapshot.time)}`,
    ),
    `  memory      ${pairs(flow?.ctx)}`,
    `  parameters  ${pairs(flow?.parameters)}`,
    `  commands    ${info.commands.map((command) => command.name).join('  ')}`,
  ].join('\n');
}

const devices: Verb = {
  name: 'devices',
  usage: '',
  summary:
    'Lists devices: state, last answer, latency, requests lost, polls dropped. Ends with 1 when one is not online.',
  example: 'rebe devices',
  words: [0, 0],
  run: (invocation) =>
    ask(invocation, ({ hello, snapshot }) => {
      const rows = hello.devices.map((info) => ({ ...info, ...snapshot.devices[info.name] }));
      answer(invocation, rows, () =>
        table([
          [
            'DEVICE',
            'DRIVER',
            'ADDRESS',
            'STATE',
            'LAST ANSWER',
            'P50',
            'P99',
            'LOST',
            'DROPPED',
            'ERROR',
          ],
          ...rows.map((row) => [
            row.name,
            row.driver,
            row.address,
            row.state ?? '',
            row.lastGood === undefined ? 'never' : `${ago(row.lastGood, snapshot.time)} ago`,
            millisecondsText(row.latency?.p50),
            millisecondsText(row.latency?.p99),
            `${row.stale ?? ''}`,
            `${row.late ?? ''}`,
            row.error === undefined ? '' : `${row.error.code} ${row.error.text}`,
          ]),
        ]),
      );
      return rows.every((row) => row.state === 'online') ? exit.good : exit.found;
    }),
};

const alarms: Verb = {
  name: 'alarms',
  usage: '',
  summary: 'Lists alarms that stand or wait to be acknowledged. Ends with 1 when there are any.',
  example: 'rebe alarms',
  words: [0, 0],
  run: (invocation) =>
    ask(invocation, ({ snapshot }) => {
      const rows = Object.entries(snapshot.alarms)
        .flatMap(([id, alarm]) => (alarm === null ? [] : [{ id, ...alarm }]))
        .toSorted((left, right) => left.priority - right.priority || right.raised - left.raised);
      answer(invocation, rows, () =>
        rows.length === 0
          ? 'no alarms'
          : table([
              ['PRIORITY', 'ID', 'STATE', 'SINCE', 'TEXT', 'WHAT TO DO'],
              ...rows.map((row) => [
                String(row.priority),
                row.id,
                row.state,
                clock(row.raised),
                textOf(row.text),
                textOf(row.response),
              ]),
            ]),
      );
      return rows.length === 0 ? exit.good : exit.found;
    }),
};

const why: Verb = {
  name: 'why',
  usage: '[FLOW]',
  summary:
    'Says what each flow waits for: every transition it could take, and which terms are false or unknown.',
  example: 'rebe why tending',
  words: [0, 1],
  run: (invocation) =>
    ask(invocation, async (connection) => {
      const chosen = chooseFlows(invocation, connection.hello).map((info) => info.name);
      const answers = chosen.length === 0 ? [] : await connection.watch(chosen);
      answer(invocation, answers, () => answers.map((heard) => whyText(heard)).join('\n\n'));
      return exit.good;
    }),
};

function chooseFlows(invocation: Invocation, hello: Hello): Hello['flows'] {
  const wanted = invocation.words[0];
  if (wanted === undefined) return hello.flows;
  const found = hello.flows.filter((flow) => flow.name === wanted);
  if (found.length === 0) throw unknownName('E_ACT_FLOW', 'flow', wanted, hello.flows);
  return found;
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

const forces: Verb = {
  name: 'forces',
  usage: '',
  summary:
    'Lists what is forced: to which value, by whom, why, until when. Ends with 1 when anything is.',
  example: 'rebe forces',
  words: [0, 0],
  run: (invocation) =>
    ask(invocation, ({ snapshot }) => {
      const rows = Object.entries(snapshot.forces)
        .flatMap(([tag, force]) => (force === null ? [] : [{ tag, ...force }]))
        .toSorted((left, right) => left.until - right.until);
      answer(invocation, rows, () =>
        rows.length === 0
          ? 'nothing is forced'
          : table([
              ['TAG', 'VALUE', 'BY', 'ENDS IN', 'WHY'],
              ...rows.map((row) => [
                row.tag,
                scalarText(row.value),
                row.actor,
                ago(snapshot.time, row.until),
                row.reason,
              ]),
            ]),
      );
      return rows.length === 0 ? exit.good : exit.found;
    }),
};

export const askVerbs: readonly Verb[] = [status, tags, read, flows, devices, alarms, forces, why];
