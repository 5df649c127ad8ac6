// The process of an OPC UA server with many numbers, some of which change ten times a second. It tells how
// many are monitored, how many values it changed and how many it sent, and what that took of its core.
// It reports what changes: looking at each node in each period would take its core with 5,000 of them.
// Arguments: how many nodes, how many of them change, and by how much.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as opcua from 'node-opcua';

const [nodes = 0, changing = 0, step = 1] = process.argv.slice(2).map(Number);
const period = 100;
const folder = mkdtempSync(join(tmpdir(), 'bench-opcua-'));
const silence = () => {};
opcua.setDebugLogger(silence);
opcua.setWarningLogger(silence);
opcua.setErrorLogger(silence);

const certificates = new opcua.OPCUACertificateManager({
  rootFolder: folder,
  automaticallyAcceptUnknownCertificate: true,
  disableFileWatchers: true,
});
const server = new opcua.OPCUAServer({
  host: '127.0.0.1',
  hostname: '127.0.0.1',
  port: 0,
  securityModes: [opcua.MessageSecurityMode.None],
  securityPolicies: [opcua.SecurityPolicy.None],
  serverCertificateManager: certificates,
  userCertificateManager: certificates,
  nodeset_filename: [opcua.get_mini_nodeset_filename()],
  skipOwnNamespace: true,
  disableDiscovery: true,
  registerServerMethod: opcua.RegisterServerMethod.HIDDEN,
});
await server.initialize();
const space = server.engine.addressSpace;
const namespace = space.registerNamespace('urn:bench');
const dataType = opcua.DataType.Double;
const variables = Array.from({ length: nodes }, (_, index) => {
  const variable = namespace.addVariable({
    nodeId: `s=n${index}`,
    browseName: `n${index}`,
    organizedBy: space.rootFolder.objects,
    dataType: 'Double',
    minimumSamplingInterval: 0,
  });
  variable.setValueFromSource({ dataType, value: 0 });
  return variable;
});

let items = 0;
let counts;
function reset() {
  counts = { changed: 0, sent: 0, publishes: 0, cpu: process.cpuUsage(), at: performance.now() };
}
reset();
server.on('create_session', (session) => {
  session.on('new_subscription', (subscription) => {
    subscription.on('monitoredItem', () => (items += 1));
    subscription.on('removeMonitoredItem', () => (items -= 1));
    subscription.on('notification', ({ notificationData }) => {
      counts.publishes += 1;
      for (const { monitoredItems } of notificationData ?? []) {
        counts.sent += monitoredItems?.length ?? 0;
      }
    });
  });
});
server.on('request', ({ itemsToCreate = [] }) => {
  for (const { requestedParameters } of itemsToCreate ?? [])
    requestedParameters.samplingInterval = 0;
});
await server.start();

// A round that comes late is not made up for: the changes that are counted are those that were made.
let round = 0;
let next = performance.now();
function change() {
  round += 1;
  for (const variable of variables.slice(0, changing)) {
    variable.setValueFromSource({ dataType, value: (round % 1000) * step });
  }
  counts.changed += changing;
  next = Math.max(next + period, performance.now());
  setTimeout(change, next - performance.now());
}
change();

process.on('message', () => {
  const { user, system } = process.cpuUsage(counts.cpu);
  const seconds = (performance.now() - counts.at) / 1000;
  const rate = (count) => count / seconds;
  process.send?.({
    items,
    changed: rate(counts.changed),
    sent: rate(counts.sent),
    publishes: rate(counts.publishes),
    cpu: (user + system) / 1e6 / seconds,
  });
  reset();
});
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
process.send?.({ port: server.endpoints[0].port });
