// The process of a device with many registers, some of which change: it notes when each scan of them
// began. Arguments: how many registers, how many of them are another each second, how often its input turns
// each second, and after how many ms those registers are another if not after a second.
import { newMemory, serveModbus } from './modbus-device.mjs';

const [registers = 0, changing = 0, turns = 0, every = 1000] = process.argv.slice(2).map(Number);
const memory = newMemory();
let begun = [];
let requests = 0;
const { port } = await serveModbus(memory, {
  read: (code, start) => {
    requests += 1;
    if (code === 3 && start === 0) begun.push(performance.now());
  },
});
if (changing > 0) {
  setInterval(() => {
    const step = registers / changing;
    for (let at = 0; at < registers; at += step) memory.holding[Math.floor(at)] += 1;
  }, every);
}
if (turns > 0) {
  setInterval(() => {
    memory.discrete[0] = 1 - memory.discrete[0];
  }, 1000 / turns);
}
process.on('message', () => {
  process.send?.({ begun, requests });
  begun = [];
  requests = 0;
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port });
