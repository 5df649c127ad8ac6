// A bare Modbus TCP device on loopback for the benchmarks: memory, the functions that masters use, and an
// answer as late as asked. It shares no code with the driver or the simulator. A thread or a process
// of its own runs it, so that it never shares the master's event loop.
import { createServer } from 'node:net';

const places = 65_536;
/** Bytes of the header in front of a function code. */
const head = 7;

/** Memory of a device; bits are 0 or 1. */
export const newMemory = () => ({
  coils: new Uint8Array(places),
  discrete: new Uint8Array(places),
  holding: new Uint16Array(places),
  input: new Uint16Array(places),
});

/**
 * Serves the memory. `read(code, start, count)` is told of each read before it is answered,
 * `wrote(code, place)` of each write as soon as it was received. `delay`: ms from request to answer.
 */
export function serveModbus(memory, { read = none, wrote = none, delay = 0 } = {}) {
  const server = createServer({ noDelay: true }, (socket) => {
    let received = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      while (received.length >= 6) {
        const end = 6 + received.readUInt16BE(4);
        if (received.length < end) return;
        const reply = answer(memory, received.subarray(0, end), { read, wrote });
        received = received.subarray(end);
        if (delay === 0) socket.write(reply);
        else setTimeout(() => socket.write(reply), delay);
      }
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ server, port: server.address().port }));
  });
}

function none() {}

function answer(memory, request, { read, wrote }) {
  const code = request[head];
  const place = request.readUInt16BE(head + 1);
  const word = request.readUInt16BE(head + 3);
  switch (code) {
    case 1:
    case 2:
      read(code, place, word);
      return bits(request, code === 1 ? memory.coils : memory.discrete, place, word);
    case 3:
    case 4:
      read(code, place, word);
      return words(request, code === 3 ? memory.holding : memory.input, place, word);
    case 5:
      memory.coils[place] = word === 0xff00 ? 1 : 0;
      wrote(code, place);
      return Buffer.from(request);
    case 6:
      memory.holding[place] = word;
      wrote(code, place);
      return Buffer.from(request);
    default:
      return refusal(request, code);
  }
}

function bits(request, table, start, count) {
  const size = Math.ceil(count / 8);
  const reply = replyOf(request, size);
  for (let index = 0; index < count; index += 1) {
    if (table[start + index] === 1) reply[head + 2 + (index >> 3)] |= 1 << (index & 7);
  }
  return reply;
}

function words(request, table, start, count) {
  const reply = replyOf(request, count * 2);
  for (let index = 0; index < count; index += 1) {
    reply.writeUInt16BE(table[start + index], head + 2 + index * 2);
  }
  return reply;
}

/** The head of an answer with so many bytes of data. */
function replyOf(request, size) {
  const reply = Buffer.alloc(head + 2 + size);
  request.copy(reply, 0, 0, head + 1);
  reply.writeUInt16BE(3 + size, 4);
  reply[head + 1] = size;
  return reply;
}

/** Exception 1: it does not know the function. */
function refusal(request, code) {
  const reply = Buffer.alloc(head + 2);
  request.copy(reply, 0, 0, head);
  reply.writeUInt16BE(3, 4);
  reply[head] = code | 0x80;
  reply[head + 1] = 1;
  return reply;
}
