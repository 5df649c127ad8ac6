// A bare Modbus TCP device for the benchmarks, in a thread of its own so that it does not share the
// client's event loop. Discrete input 0 is always the opposite of coil 0: whoever sees the input and
// writes the same to the coil has reacted once, and finds the input changed again.
import { createServer } from 'node:net';
import { parentPort } from 'node:worker_threads';

let coil = 0;
let received = Buffer.alloc(0);

/** @param {Buffer} request a whole frame */
function answer(request) {
  const code = request[7];
  const count = request.readUInt16BE(10);
  if (code === 5) {
    coil = request[10] === 0xff ? 1 : 0;
    return request;
  }
  const bits = code === 1 || code === 2;
  const size = bits ? Math.ceil(count / 8) : count * 2;
  const frame = Buffer.alloc(9 + size);
  request.copy(frame, 0, 0, 8);
  frame.writeUInt16BE(3 + size, 4);
  frame[8] = size;
  if (bits) frame[9] = code === 2 ? 1 - coil : coil;
  return frame;
}

const server = createServer({ noDelay: true }, (socket) => {
  received = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    while (received.length >= 6) {
      const end = 6 + received.readUInt16BE(4);
      if (received.length < end) return;
      socket.write(answer(received.subarray(0, end)));
      received = received.subarray(end);
    }
  });
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage(server.address().port));
