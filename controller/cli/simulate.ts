// `simulate` and `fault` belong to the simulator, a program of its own that is started by path: the
// controller shares no code with it. The words pass through, and so does its exit code.
import { spawn } from 'node:child_process';
import { builtFile } from '#controller/product.ts';
import { exit } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

function pass(
  name: string,
  options: readonly string[],
): (invocation: Invocation) => Promise<number> {
  return async (invocation) => {
    const words = [name, ...invocation.words, '--data', invocation.data];
    for (const option of options) {
      const value = invocation.option(option);
      if (value !== undefined) words.push(`--${option}`, value);
    }
    if (invocation.flag('clear')) words.push('--clear');
    if (invocation.json) words.push('--json');
    return runSimulator(words);
  };
}

/** Runs the simulator with these words until it ends; it ends when we do, by its channel to us. */
export async function runSimulator(words: readonly string[]): Promise<number> {
  const argv = ['--enable-source-maps', builtFile('simulator/main.js'), ...words];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const leave = (): void => {
    if (child.connected) child.disconnect();
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? exit.internal));
    });
  } finally {
    process.off('SIGTERM', leave);
    process.off('SIGINT', leave);
  }
}

export const simulateVerbs: readonly Verb[] = [
  {
    name: 'simulate',
    usage: 'PLANT.yaml',
    summary: 'Runs the simulator alone: a machine behind real protocols, on loopback.',
    example: 'rebe simulate flows/cnc-tending/tending.plant.yaml --endpoints endpoints.json',
    words: [1, 1],
    options: {
      endpoints: { type: 'string', help: 'write the addresses it took to this file' },
      seed: { type: 'string', help: 'of noise and ports; default another each time' },
    },
    run: pass('simulate', ['endpoints', 'seed']),
  },
  {
    name: 'fault',
    usage: '[DEVICE|plant] [KIND]',
    summary: 'Makes a fault of a simulated device or machine; without words: what goes on there.',
    more: `Of a device:   hang kill slow stuck range wrong short late
Of the plant:  door-jam coolant-loss part-lost pressure-leak
As a person:   plant take-part, plant estop, plant gate-open
docs/simulator.md says what each does. One of the plant goes on until it is given again.`,
    example: 'rebe fault io hang --for 10s',
    words: [0, 2],
    options: {
      for: { type: 'string', help: 'clear it by itself after this: 10s' },
      by: { type: 'string', help: 'how late a slow device answers: 80ms' },
      clear: { type: 'boolean', help: 'clear all faults, or those of the target' },
    },
    run: pass('fault', ['for', 'by']),
  },
];
