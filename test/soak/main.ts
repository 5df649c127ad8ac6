// `npm run soak -- --hours 72`: a soak as a program of its own. Its report is written each minute, so that one that is cut
// off has it too; Ctrl-C ends it in order. It judges nothing itself: `soak.ts` does.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pageOf, spanText } from './page.ts';
import type { Report } from './report.ts';
import { soak } from './soak.ts';

const wrongUse = 64;

const { values } = parseArgs({
  options: {
    hours: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    pause: { type: 'string' },
    commit: { type: 'string', default: '' },
    out: { type: 'string', default: 'dist/soak-report' },
  },
});

/** A number of at least `least`, or the way out. */
function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text !== '' && Number.isSafeInteger(Math.floor(value)) && value >= least) return value;
  process.stderr.write(`--${name} is a number of at least ${least}, not ${text}\n`);
  process.exit(wrongUse);
}

const seconds =
  values.hours === undefined
    ? numberOf('minutes', values.minutes ?? '3', 0.5) * 60
    : numberOf('hours', values.hours, 0.01) * 3600;
const seed = Math.floor(numberOf('seed', values.seed ?? String(Date.now() % 1_000_000), 0));
/** A long one is mostly left in peace: what grows slowly is to be seen. */
const pause = 1000 * numberOf('pause', values.pause ?? (seconds > 3600 ? '60' : '12'), 0);

const folder = resolve(values.out);
mkdirSync(folder, { recursive: true });
const page = join(folder, 'soak.html');
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Whole, or as it was before: whoever looks at it never finds half of one. */
function write(name: string, text: string): void {
  const file = join(folder, name);
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function keep(report: Report): void {
  write('soak.json', `${JSON.stringify(report)}\n`);
  write('soak.html', pageOf(report));
  const { judged, seconds: passed } = report;
  say(
    `${spanText(passed).padStart(8)} of ${spanText(seconds)}  parts ${judged.parts}  ` +
      `recoveries ${report.done.length}  wrong values: ${judged.wrong} of ${judged.compared}`,
  );
}

let interrupted = 0;
/** Without whoever started it there is nobody who could end it. */
process.on('disconnect', () => {
  interrupted += 1;
});
process.on('SIGINT', () => {
  interrupted += 1;
  // Its children have a channel to us: they end when we do.
  if (interrupted > 1) process.exit(70);
  say('ending in order: the last recovery, then the record is verified; again Ctrl-C ends at once');
});

say(`soak of ${spanText(seconds)}, seed ${seed}; its report: ${page}`);
const report = await soak({
  seconds,
  seed,
  pause,
  commit: values.commit,
  interrupted: () => interrupted > 0,
  report: keep,
  say,
});
for (const { what, good, text } of report.verdicts)
  say(`${good ? 'good' : 'BAD '}  ${what}: ${text}`);
for (const text of report.judged.examples) say(text);
say(`wrong values: ${report.judged.wrong}`);
say(`${report.state === 'bad' ? 'found wrong' : 'nothing wrong'}; ${page}`);
process.exitCode = report.state === 'bad' ? 1 : 0;
// A channel that is listened to keeps a process alive.
if (process.connected) process.disconnect();
