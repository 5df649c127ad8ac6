// The process of a device that times reactions: it turns discrete input 0 over at random instants and
// notes how long it takes until coil 0 is written alike. Arguments: the delay of an answer in ms, and
// the registers that make one scan of all further tags.
import { newMemory, serveModbus } from './modbus-device.mjs';
import { chance } from './chance.mjs';

const [delay = 0, registers = 0] = process.argv.slice(2).map(Number);
/** Between a reaction and the next turn, ms: read-back and follow-up scan are over, and no grid is met twice. */
const usual = { least: 6 + 4 * delay, most: 16 + 8 * delay };
/** To warm up: just after the follow-up scan. */
const hasty = { least: 2 + 4 * delay, most: 4 + 4 * delay };
/** A reaction that takes longer is lost. */
const patience = 2000;

const memory = newMemory();
const counts = { requests: 0, scans: 0, writes: 0 };
let reacted = () => {};

const { port } = await serveModbus(memory, {
  delay,
  read: (code, start, count) => {
    counts.requests += 1;
    if (code === 3 && start + count === registers) counts.scans += 1;
  },
  wrote: (code, place) => {
    if (code !== 5 || place !== 0) return;
    counts.requests += 1;
    counts.writes += 1;
    if (memory.coils[0] === memory.discrete[0]) reacted();
  },
});

const sleep = (span) => new Promise((resolve) => setTimeout(resolve, span));

/** One turn of the input; ms until the coil followed, undefined when it did not. */
function reaction() {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), patience);
    memory.discrete[0] = 1 - memory.discrete[0];
    const began = performance.now();
    reacted = () => {
      clearTimeout(timer);
      reacted = () => {};
      resolve(performance.now() - began);
    };
  });
}

async function react(count, seed, pause) {
  const random = chance(seed);
  const samples = { rising: [], falling: [], lost: 0 };
  const before = { ...counts };
  const began = performance.now();
  for (let index = 0; index < count; index += 1) {
    await sleep(pause.least + random() * (pause.most - pause.least));
    const took = await reaction();
    if (took === undefined) samples.lost += 1;
    else samples[memory.discrete[0] === 1 ? 'rising' : 'falling'].push(took);
  }
  const seconds = (performance.now() - began) / 1000;
  const rate = (name) => (counts[name] - before[name]) / seconds;
  return {
    ...samples,
    requests: rate('requests'),
    scans: rate('scans'),
    writes: (counts.writes - before.writes) / count,
  };
}

process.on('message', ({ count, seed, warm = false }) => {
  void react(count, seed, warm ? hasty : usual).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port });
