// The process of the reference: a loop of modbus-serial and nothing else. It reads discrete input 0 and
// writes coil 0 when it changed. Arguments: the device's port; `tick` for a timer of 1 ms between reads.
import modbusSerial from 'modbus-serial';
import { goFirst } from './priority.mjs';

goFirst();
const [port, pace] = process.argv.slice(2);
const client = new modbusSerial.default();
await client.connectTCP('127.0.0.1', { port: Number(port) });
client.setID(1);
client.setTimeout(2000);
process.on('disconnect', () => process.exit(0));

const tick = () => new Promise((resolve) => setTimeout(resolve, 1));
let last;
for (;;) {
  if (pace === 'tick') await tick();
  const { data } = await client.readDiscreteInputs(0, 1);
  if (data[0] !== last) await client.writeCoil(0, data[0]);
  [last] = data;
}
