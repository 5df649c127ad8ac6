// OPC UA against the contract suite. What only OPC UA has stands in opcua-*.test.ts.
import { afterAll, beforeAll } from 'vitest';
import { describeDriver } from './describe-driver.ts';
import { OpcuaRigServer, opcuaRig } from './rig-opcua.ts';

const server = new OpcuaRigServer();
beforeAll(() => server.start(), 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

describeDriver('opcua', () => opcuaRig(server), {
  patience: { timeout: '10s', connect: '10s' },
});
