// Many Modbus tags on one device, read once a second by the whole product: what control and station pay
// for them, and whether the period is kept. The device, a process of its own, says when it was asked.
// `node bench/tags.mjs [seconds]`
import {
  cpuOf,
  processesOf,
  removeCell,
  residentOf,
  startPeer,
  startProduct,
  writeCell,
} from './product.mjs';
import { mean, percentile, short, table, tellMachine } from './report.mjs';

const [seconds = 20] = process.argv.slice(2).map(Number);
const sleep = (span) => new Promise((resolve) => setTimeout(resolve, span));

/** `changing`: how many have another value each second. */
const cases = [
  { more: 0, changing: 0 },
  { more: 5000, changing: 0 },
  { more: 5000, changing: 500 },
  { more: 5000, changing: 5000 },
  { more: 20_000, changing: 2000 },
];

async function measure({ more, changing }) {
  const device = await startPeer('tags-device.mjs', [Math.max(1, more), changing]);
  const cell = writeCell({ port: device.ready.port, poll: '100ms', more });
  const words = ['run', cell.manifest, '--data', cell.data, '--listen', '127.0.0.1:0'];
  const product = await startProduct(words);
  // Reading a manifest of 20,000 tags takes seconds: those are not of interest here.
  await sleep(5000 + more / 2);
  const processes = processesOf(product.pid).filter(({ role }) => role !== 'run');
  const before = processes.map(({ pid }) => cpuOf(pid));
  await device.ask({});
  await sleep(seconds * 1000);
  const used = processes.map(({ pid }, index) => (cpuOf(pid) - before[index]) / seconds);
  const resident = processes.map(({ pid }) => residentOf(pid));
  const { begun, requests } = await device.ask({});
  await product.stop();
  await device.stop();
  removeCell(cell);
  const of = (role, list) => list[processes.findIndex((one) => one.role === role)];
  return {
    control: of('control', used),
    station: of('station', used),
    resident: of('control', resident),
    requests: requests / seconds,
    periods: begun.slice(1).map((at, index) => at - begun[index]),
  };
}

tellMachine(`tags: ${seconds} s each`);
const rows = [];
for (const one of cases) {
  const { control, station, resident, requests, periods } = await measure(one);
  rows.push([
    one.more,
    one.changing,
    short(control * 100),
    short(station * 100),
    short(resident),
    Math.round(requests),
    ...(one.more === 0
      ? ['', '']
      : [
          short(mean(periods)),
          `${short(Math.min(...periods))} to ${short(percentile(periods, 1))}`,
        ]),
  ]);
}
table([
  [
    'tags at 1 s',
    'changing',
    'control, % of a core',
    'station, %',
    'control RSS, MB',
    'requests/s',
    'period, mean ms',
    'least to greatest',
  ],
  ...rows,
]);
