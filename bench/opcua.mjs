// Many OPC UA items subscribed by the whole product, some changing ten times a second: what control pays,
// and what scans and reactions of a Modbus device beside it notice. The server and the Modbus device are
// processes of their own. `node bench/opcua.mjs [seconds] [turns]`
import { execFileSync } from 'node:child_process';
import {
  cpuOf,
  processesOf,
  rebe,
  removeCell,
  residentOf,
  startPeer,
  startProduct,
  writeCell,
} from './product.mjs';
import { percentile, short, table, tellMachine } from './report.mjs';

const [seconds = 20, turns = 200] = process.argv.slice(2).map(Number);
const sleep = (span) => new Promise((resolve) => setTimeout(resolve, span));

/** What changes by `step`; within its deadband nothing of it is recorded. */
const cases = [
  { name: 'Modbus alone', items: 0 },
  { name: '10 items', items: 10 },
  { name: '10,000 items, none changing', items: 10_000 },
  { name: '1,000 of them at 10 Hz, recorded', items: 10_000, changing: 1000 },
  { name: 'the same within its deadband', items: 10_000, changing: 1000, step: 1e-6 },
];
/** Until all items are subscribed, s; a manifest of 10,000 tags takes seconds to read. */
const patience = 90;

/** Times as for a server that is busy: a chunk of items may take it a while. */
const othersOf = ({ port }, items) => ({
  devices: [
    `  plc: {driver: opcua, endpoint: "opc.tcp://127.0.0.1:${port}", namespace: "urn:bench", publish: 100ms, timeout: 3s, connect: 10s}\n`,
  ],
  tags: Array.from(
    { length: items },
    (_, index) =>
      `  n${index}: {device: plc, at: {node: "s=n${index}"}, type: real, deadband: 0.5, stale: 5s}\n`,
  ),
});

async function subscribed(server, items) {
  const began = performance.now();
  for (;;) {
    const { items: now } = await server.ask({});
    if (now >= items) return;
    if (performance.now() - began > patience * 1000) {
      throw new Error(`${now} of ${items} items are subscribed after ${patience} s`);
    }
    await sleep(200);
  }
}

async function measure({ name, items, changing = 0, step = 1 }) {
  const device = await startPeer('reaction-device.mjs', [0, 0]);
  const server =
    items === 0 ? undefined : await startPeer('opcua-device.mjs', [items, changing, step]);
  const others = server === undefined ? undefined : othersOf(server.ready, items);
  const cell = writeCell({ port: device.ready.port, poll: '10ms', others });
  const words = ['run', cell.manifest, '--data', cell.data, '--listen', '127.0.0.1:0'];
  const product = await startProduct(words);
  try {
    if (server !== undefined) await subscribed(server, items);
    await sleep(5000);
    const { pid } = processesOf(product.pid).find(({ role }) => role === 'control');
    const before = cpuOf(pid);
    await server?.ask({});
    await sleep(seconds * 1000);
    const cpu = (cpuOf(pid) - before) / seconds;
    const given = await server?.ask({});
    const resident = residentOf(pid);
    const { scan } = statusOf(cell);
    const { rising, lost } = await device.ask({ count: turns, seed: 7 });
    return { name, cpu, given, resident, scan, rising, lost };
  } finally {
    await product.stop();
    await server?.stop();
    await device.stop();
    removeCell(cell);
  }
}

function statusOf({ data }) {
  const words = [rebe, 'status', '--data', data, '--json'];
  return JSON.parse(
    execFileSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 }),
  );
}

tellMachine(`opcua: ${seconds} s each, then ${turns} turns of a Modbus input`);
const results = [];
for (const one of cases) {
  process.stderr.write(`${one.name}\n`);
  results.push(await measure(one));
}
table([
  ['case', 'control, % of a core', 'RSS, MB', 'server changed/s', 'server sent/s', 'server, %'],
  ...results.map(({ name, cpu, resident, given }) => [
    name,
    short(cpu * 100),
    short(resident),
    ...(given === undefined
      ? ['', '', '']
      : [Math.round(given.changed), Math.round(given.sent), Math.round(given.cpu * 100)]),
  ]),
]);
table([
  ['case', 'scan p50', 'p99', 'late p50', 'p99', 'reaction, ms, p50', 'p99', 'n', 'lost'],
  ...results.map(({ name, scan, rising, lost }) => [
    name,
    scan.cost.p50,
    scan.cost.p99,
    scan.late.p50,
    scan.late.p99,
    short(percentile(rising, 0.5)),
    short(percentile(rising, 0.99)),
    rising.length,
    lost,
  ]),
]);
