// The entry of the chronicle writer's thread; everything it does is in writer-thread.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { present } from '#contract/error.ts';
import { runWriter, type WriterSetup } from './writer-thread.ts';

const setup = workerData as WriterSetup;
runWriter(present(parentPort, 'the writer is started as a thread'), setup);
