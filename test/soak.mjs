// `npm run soak`: the long tests whole, of which CI runs a sample; `--seed N` gives all of them one seed. With `--hours N` or
// `--minutes N` it is the soak of the running product instead (test/soak/main.ts): so long, with its report as a page.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const words = process.argv.slice(2);
const { values } = parseArgs({
  options: {
    hours: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    pause: { type: 'string' },
    out: { type: 'string' },
  },
});
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();

if (values.hours === undefined && values.minutes === undefined) testAll();
else soakOn();

/** Ctrl-C in a terminal reaches a whole group: the cell would end before the soak could end it in order. */
function soakOn() {
  const argv = ['--enable-source-maps', 'dist/soak/main.js', ...words, '--commit', commit];
  const child = spawn(process.execPath, argv, {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => child.kill('SIGINT'));
  child.on('exit', (code) => process.exit(code ?? 70));
}

function testAll() {
  const { seed } = values;
  if (seed !== undefined && !/^\d{1,15}$/.test(seed)) {
    process.stderr.write(`--seed is a whole number of at least 0, not ${seed}\n`);
    process.exit(64);
  }
  const again = `npm run soak${seed === undefined ? '' : ` -- --seed ${seed}`}   (commit ${commit})`;
  process.stdout.write(`${again}\n`);
  // Without a seed each test has its own; with one the tests of many seeds run that one alone.
  const seeds = seed === undefined ? {} : { SEED: seed, REBE_SEED: seed, SEEDS: `${seed}-${seed}` };
  const projects = ['flow', 'driver', 'sim', 'system', 'machine', 'browser'].flatMap((name) => [
    '--project',
    name,
  ]);
  const { status } = spawnSync('npx', ['vitest', 'run', ...projects], {
    stdio: 'inherit',
    env: { ...process.env, SOAK: '1', REBE_KILLS: '20', ...seeds },
  });
  if (status !== 0) process.stderr.write(`again: ${again}\n`);
  process.exit(status ?? 70);
}
