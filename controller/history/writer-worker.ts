// The entry of the history writer's thread; everything it does is in writer-thread.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { present } from '#contract/error.ts';
import type { HistorySetup } from './store.ts';
import type { ToWriter } from './writer-thread.ts';
import { HistoryWriter } from './writer-thread.ts';

const port = present(parentPort, 'the writer is started as a thread');
const writer = new HistoryWriter(
  workerData as HistorySetup,
  (message) => port.postMessage(message),
  (delay, run) => void setTimeout(run, delay),
);
port.on('message', (message: ToWriter) => writer.receive(message));
writer.start();
