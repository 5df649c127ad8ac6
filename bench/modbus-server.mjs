// The thread of `modbus.bench.ts`: a device whose discrete input 0 is always the opposite of coil 0. Whoever
// sees the input and writes the same to the coil has reacted once, and finds the input changed again.
import { parentPort } from 'node:worker_threads';
import { newMemory, serveModbus } from './modbus-device.mjs';

const memory = newMemory();
memory.discrete[0] = 1;
const wrote = () => {
  memory.discrete[0] = 1 - memory.coils[0];
};
const { port } = await serveModbus(memory, { wrote });
parentPort?.postMessage(port);
