// `npm run soak -- --minutes N --seed N`: the long tests whole, of which CI runs a sample. What the tests
// themselves are is theirs to say; this only sets how long and which seed, and says how to run it again.
import { execFileSync, spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' } },
});

/** A whole number of at least `least`, or the way out. */
function whole(name, text, least) {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return String(number);
  process.stderr.write(`--${name} is a whole number of at least ${least}, not ${text}\n`);
  process.exit(64);
}

const minutes = whole('minutes', values.minutes ?? '3', 1);
const seed = values.seed === undefined ? undefined : whole('seed', values.seed, 0);
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const chosen = seed === undefined ? '' : ` --seed ${seed}`;
const again = `npm run soak -- --minutes ${minutes}${chosen}   (commit ${commit})`;
process.stdout.write(`${again}\n`);

// Without a seed each test has its own; with one the tests of many seeds run that one alone.
const seeds = seed === undefined ? {} : { SEED: seed, REBE_SEED: seed, SEEDS: `${seed}-${seed}` };
const projects = ['flow', 'driver', 'sim', 'system', 'browser'].flatMap((name) => [
  '--project',
  name,
]);
const { status } = spawnSync('npx', ['vitest', 'run', ...projects], {
  stdio: 'inherit',
  env: { ...process.env, SOAK: '1', MINUTES: minutes, REBE_KILLS: '20', ...seeds },
});
if (status !== 0) process.stderr.write(`again: ${again}\n`);
process.exit(status ?? 70);
