// The process of a device whose input is true, and which tells when its coil was first written true.
import { newMemory, serveModbus } from './modbus-device.mjs';

const memory = newMemory();
memory.discrete[0] = 1;
let written = () => {};
const { port } = await serveModbus(memory, {
  wrote: (code, place) => {
    if (code === 5 && place === 0 && memory.coils[0] === 1) written();
  },
});
process.on('message', () => {
  memory.coils[0] = 0;
  written = () => {
    process.send?.({ at: String(process.hrtime.bigint()) });
    written = () => {};
  };
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port });
