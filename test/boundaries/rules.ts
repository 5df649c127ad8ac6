// Who may import what: the one table that test/unit/boundaries.test.ts holds the whole tree against.
// Each rule has an import planted that breaks it; a rule that does not find its own is no rule.

/** A part of the tree, by the beginning of its path; the first rule that fits a file decides. */
export interface FolderRule {
  readonly who: string;
  /** Parts of the tree that it may import, by the beginning of their path. */
  readonly tree: readonly string[];
  readonly packages: readonly string[];
  readonly node: boolean;
  readonly planted: Planted;
}

/** A package, a module of Node or a part of the tree that only some may import. */
export interface ModuleRule {
  readonly module: string;
  readonly only: readonly string[];
  readonly planted: Planted;
}

/** What a part of the tree may not write. */
export interface SyntaxRule {
  readonly where: readonly string[];
  readonly never: string;
  /** Files that may all the same. */
  readonly except?: readonly string[];
  readonly planted: Planted;
}

/** A file that does not exist, and what it says. */
export interface Planted {
  readonly file: string;
  readonly text: string;
}

const breaks = (file: string, text: string): Planted => ({ file, text });

/** Packages that any folder may import. */
export const anywhere: readonly string[] = ['zod'];

export const folderRules: readonly FolderRule[] = [
  {
    who: 'contract/',
    tree: ['contract/'],
    packages: [],
    node: false,
    planted: breaks('contract/planted.ts', "import { linkCell } from '#flows/link.ts';"),
  },
  {
    who: 'flows/',
    tree: ['contract/', 'flows/'],
    packages: ['xstate', 'yaml'],
    node: false,
    planted: breaks('flows/engine/planted.ts', "import { readFileSync } from 'node:fs';"),
  },
  {
    who: 'drivers/modbus/',
    tree: ['contract/', 'drivers/modbus/', ...sharedByDrivers()],
    packages: ['modbus-serial'],
    node: true,
    planted: breaks(
      'drivers/modbus/planted.ts',
      "import type { BlueprintConfig } from '#drivers/blueprint/config.ts';",
    ),
  },
  {
    who: 'drivers/opcua/',
    tree: ['contract/', 'drivers/opcua/', ...sharedByDrivers()],
    packages: ['node-opcua-certificate-manager', 'node-opcua-client'],
    node: true,
    planted: breaks('drivers/opcua/planted.ts', "import { OPCUAServer } from 'node-opcua';"),
  },
  {
    who: 'drivers/serial/',
    tree: ['contract/', 'drivers/serial/', ...sharedByDrivers()],
    packages: [],
    node: true,
    planted: breaks('drivers/serial/planted.ts', "import { plan } from '#drivers/modbus/plan.ts';"),
  },
  {
    who: 'drivers/blueprint/',
    tree: ['contract/', 'drivers/blueprint/', ...sharedByDrivers()],
    packages: [],
    node: true,
    planted: breaks(
      'drivers/blueprint/planted.ts',
      "import { modbus } from '../modbus/driver.ts';",
    ),
  },
  {
    who: 'drivers/index.ts',
    tree: ['contract/', 'drivers/'],
    packages: [],
    node: false,
    planted: breaks('drivers/index.ts', "import ModbusRtu from 'modbus-serial';"),
  },
  {
    who: 'drivers/',
    tree: ['contract/', ...sharedByDrivers()],
    packages: ['serialport'],
    node: true,
    planted: breaks('drivers/supervise.ts', "export { Cell } from '#flows/engine/cell.ts';"),
  },
  {
    who: 'controller/',
    tree: ['contract/', 'flows/', 'controller/', 'drivers/index.ts'],
    packages: [
      '@fastify/static',
      '@modelcontextprotocol/sdk',
      '@xterm/addon-serialize',
      '@xterm/headless',
      'aedes',
      'better-sqlite3',
      'fastify',
      'mqtt',
      'node-pty',
      'vite',
      'ws',
    ],
    node: true,
    planted: breaks('controller/planted.ts', "await import('#drivers/modbus/driver.ts');"),
  },
  {
    who: 'hmi/vite.config.ts',
    tree: [],
    packages: ['vite'],
    node: true,
    planted: breaks('hmi/vite.config.ts', "import { useSignal } from '@preact/signals';"),
  },
  {
    who: 'hmi/',
    tree: ['contract/', 'flows/', 'hmi/'],
    packages: [
      '@preact/signals',
      '@xterm/addon-fit',
      '@xterm/xterm',
      'preact',
      'uplot',
      'uqr',
      'vite',
    ],
    node: false,
    planted: breaks('hmi/planted.tsx', "import type { Door } from '#controller/door/door.ts';"),
  },
  {
    who: 'simulator/world-load.ts',
    tree: ['contract/', 'flows/', 'simulator/'],
    packages: [],
    node: true,
    planted: breaks('simulator/world-load.ts', "import { drivers } from '#drivers/index.ts';"),
  },
  {
    who: 'simulator/scenario/play.ts',
    tree: ['contract/', 'flows/', 'simulator/'],
    packages: [],
    node: false,
    planted: breaks('simulator/scenario/play.ts', "import { readFileSync } from 'node:fs';"),
  },
  {
    who: 'simulator/scenario/',
    tree: ['contract/', 'flows/', 'simulator/'],
    packages: [],
    node: true,
    planted: breaks('simulator/scenario/load.ts', "import { drivers } from '#drivers/index.ts';"),
  },
  {
    who: 'simulator/world.ts',
    tree: ['contract/', 'flows/', 'simulator/'],
    packages: [],
    node: false,
    planted: breaks('simulator/world.ts', "import { createServer } from 'node:net';"),
  },
  {
    who: 'simulator/plant/',
    tree: ['contract/', 'simulator/plant/'],
    packages: ['yaml'],
    node: false,
    planted: breaks(
      'simulator/plant/planted.ts',
      "type Codec = import('#drivers/modbus/codec.ts').Codec;",
    ),
  },
  {
    who: 'simulator/',
    tree: ['contract/', 'simulator/'],
    packages: ['node-opcua', 'node-pty', 'vite', 'yaml'],
    node: true,
    planted: breaks('simulator/device/planted.ts', "import { Cell } from '#flows/engine/cell.ts';"),
  },
];

/** What stands beside the drivers for all of them. */
function sharedByDrivers(): string[] {
  return [
    'breaker',
    'given',
    'outputs',
    'serial-port',
    'served-tags',
    'silence',
    'supervise',
    'tcp',
  ].map((name) => `drivers/${name}.ts`);
}

export const moduleRules: readonly ModuleRule[] = [
  {
    module: 'xstate',
    only: ['flows/engine/'],
    planted: breaks('controller/control.ts', "import { createMachine } from 'xstate';"),
  },
  {
    module: 'yaml',
    only: ['flows/tree.ts', 'simulator/plant/'],
    planted: breaks('flows/link.ts', "import { parse } from 'yaml';"),
  },
  {
    module: 'better-sqlite3',
    only: [
      'controller/approval/',
      'controller/backup/',
      'controller/chronicle/',
      'controller/history/',
      'controller/process/lock.ts',
      'controller/mirror/',
      'controller/people/',
      'controller/shell/store.ts',
    ],
    planted: breaks('controller/server/planted.ts', "import Database from 'better-sqlite3';"),
  },
  {
    module: 'modbus-serial',
    only: ['drivers/modbus/'],
    planted: breaks('simulator/device/planted.ts', "import { ServerTCP } from 'modbus-serial';"),
  },
  {
    module: 'serialport',
    only: ['drivers/serial-port.ts'],
    planted: breaks('drivers/serial/planted.ts', "import { SerialPort } from 'serialport';"),
  },
  {
    module: 'node-opcua-client',
    only: ['drivers/opcua/'],
    planted: breaks('drivers/supervise.ts', "import { OPCUAClient } from 'node-opcua-client';"),
  },
  {
    module: 'node-opcua',
    only: ['simulator/device/'],
    planted: breaks('simulator/simulator.ts', "import { OPCUAServer } from 'node-opcua';"),
  },
  {
    module: 'node-pty',
    only: ['controller/shell/', 'simulator/device/'],
    planted: breaks('simulator/simulator.ts', "import { open } from 'node-pty';"),
  },
  {
    module: 'fastify',
    only: ['controller/server/'],
    planted: breaks('controller/control.ts', "import { fastify } from 'fastify';"),
  },
  {
    module: '@modelcontextprotocol/sdk',
    only: ['controller/mcp/'],
    planted: breaks(
      'controller/cli/mcp.ts',
      "import { Server } from '@modelcontextprotocol/sdk/server/index.js';",
    ),
  },
  {
    module: '@fastify/static',
    only: ['controller/server/'],
    planted: breaks('controller/control.ts', "import { fastifyStatic } from '@fastify/static';"),
  },
  {
    module: '@xterm/headless',
    only: ['controller/shell/'],
    planted: breaks('controller/server/planted.ts', "import { Terminal } from '@xterm/headless';"),
  },
  {
    module: '@xterm/addon-serialize',
    only: ['controller/shell/'],
    planted: breaks(
      'controller/server/planted.ts',
      "import { SerializeAddon } from '@xterm/addon-serialize';",
    ),
  },
  {
    module: 'ws',
    only: ['controller/cli/', 'controller/server/', 'controller/shell/'],
    planted: breaks('controller/wire/planted.ts', "import { WebSocketServer } from 'ws';"),
  },
  {
    module: 'node:http',
    only: ['controller/server/'],
    planted: breaks('controller/control.ts', "import { createServer } from 'node:http';"),
  },
  {
    module: 'node:worker_threads',
    only: ['controller/chronicle/', 'controller/history/'],
    planted: breaks('controller/loop.ts', "import { Worker } from 'node:worker_threads';"),
  },
  {
    module: 'mqtt',
    only: ['controller/mirror/'],
    planted: breaks('controller/server/planted.ts', "import { connect } from 'mqtt';"),
  },
  {
    module: 'aedes',
    only: ['controller/broker/'],
    planted: breaks('controller/mirror/planted.ts', "import { Aedes } from 'aedes';"),
  },
  {
    module: 'uplot',
    only: ['hmi/'],
    planted: breaks('controller/server/planted.ts', "import uPlot from 'uplot';"),
  },
  ...['@xterm/xterm', '@xterm/addon-fit'].map((module): ModuleRule => ({
    module,
    only: ['hmi/shell/'],
    planted: breaks('hmi/parts/planted.tsx', `import * as planted from '${module}';`),
  })),
  {
    module: 'uqr',
    only: ['hmi/people/'],
    planted: breaks('controller/people/planted.ts', "import { encode } from 'uqr';"),
  },
  {
    module: 'preact',
    only: ['hmi/'],
    planted: breaks('controller/server/planted.ts', "import { render } from 'preact';"),
  },
  {
    module: 'vite',
    only: [
      'controller/vite.config.ts',
      'hmi/comparison/vite.config.ts',
      'hmi/vite.config.ts',
      'simulator/vite.config.ts',
      'test/soak/vite.config.ts',
      'test/unit/hmi/words.test.ts',
    ],
    planted: breaks('controller/main.ts', "import { build } from 'vite';"),
  },
  {
    module: 'controller/server/',
    only: [
      'controller/agents/',
      'controller/approval/',
      'controller/cli/',
      'controller/console/',
      'controller/mirror/',
      'controller/people/',
      'controller/recording/',
      'controller/server/',
      'controller/shell/',
      'controller/station.ts',
    ],
    planted: breaks('controller/control.ts', "export * from '#controller/server/http.ts';"),
  },
];

const exactMath = ['contract/', 'flows/'];

export const syntaxRules: readonly SyntaxRule[] = [
  {
    where: exactMath,
    never: '**',
    planted: breaks('flows/engine/planted.ts', 'export const square = (x: number) => x ** 2;'),
  },
  {
    where: exactMath,
    never: '**=',
    planted: breaks('contract/planted.ts', 'let x = 2;\nx **= 2;'),
  },
  ...['pow', 'exp', 'log', 'sin', 'cos', 'tan', 'atan2', 'cbrt', 'hypot', 'random'].map(
    (name): SyntaxRule => ({
      where: exactMath,
      never: `Math.${name}`,
      planted: breaks('flows/planted.ts', `export const made = Math.${name}(2, 3);`),
    }),
  ),
  {
    where: [''],
    never: '../',
    planted: breaks('test/unit/planted.test.ts', "import { span } from '../span.ts';"),
  },
  {
    where: ['contract/', 'flows/', 'drivers/', 'controller/', 'hmi/', 'simulator/'],
    never: 'a computed import',
    // They load the table engine that was generated for a flow.
    except: [
      'controller/scan/engines.ts',
      'controller/replay/replay.ts',
      'simulator/world-load.ts',
    ],
    planted: breaks('drivers/index.ts', 'export const load = (name: string) => import(name);'),
  },
];
