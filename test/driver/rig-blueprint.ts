// The blueprint's device for its tests: numbered lines over TCP, by hand.
import type { Value } from '#contract/sample.ts';
import { blueprint } from '#drivers/blueprint/driver.ts';
import { RigServer } from './rig-server.ts';
import { nth, rigTag } from './rig.ts';
import type { Rig } from './rig.ts';

/** Milliseconds. */
const rigTimeout = 300;

export async function blueprintRig(): Promise<Rig> {
  const held = new Map<string, Value>();
  const written: { name: string; value: Value }[] = [];
  const inputs = ['a', 'b', 'c'].map((name, i) =>
    rigTag(name, { name }, 'input', i === 2 ? [3.5, -1] : [true, false]),
  );
  const outputs = ['w', 'x', 'y', 'z'].map((name, i) =>
    rigTag(name, { name }, 'output', i < 2 ? [true, false] : [100 + i, i]),
  );
  for (const { name, values } of [...inputs, ...outputs]) held.set(name, values[1]);
  const server = new RigServer({
    split: (bytes) => {
      const end = bytes.indexOf(10);
      if (end < 0) return undefined;
      return { request: bytes.subarray(0, end), rest: bytes.subarray(end + 1) };
    },
    answer: (request) => {
      const [number, verb, ...words] = request.toString().split(' ');
      const [name = '', text = ''] = words;
      if (words.length === 0 || !held.has(name)) return Buffer.from(`${number} no such name\n`);
      if (verb === 'set') {
        const value = text === 'true' || text === 'false' ? text === 'true' : Number(text);
        held.set(name, value);
        written.push({ name, value });
        return Buffer.from(`${number} ok ${text}\n`);
      }
      return Buffer.from(`${number} ok ${words.map((word) => held.get(word)).join(' ')}\n`);
    },
    garbage: () => Buffer.from('\u0000\u0001 what?\n'),
  });
  await server.listen();
  return {
    kind: blueprint,
    server,
    timeout: rigTimeout,
    config: () => ({ tcp: server.address, timeout: `${rigTimeout}ms`, every: '10ms' }),
    inputs,
    outputs,
    badTag: rigTag('bad', { name: 'Not a name' }, 'input', [0, 1]).tag,
    written,
    get: (name) => held.get(name) ?? null,
    set: (name, value) => void held.set(name, value),
    real: { tag: nth(inputs, 2).tag, hold: (value) => void held.set('c', value) },
  };
}
