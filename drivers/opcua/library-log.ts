// What node-opcua would print: its loggers belong to the whole process and write to the terminal, whole
// certificates among it. Here its lines go, short, to the logs of the drivers that run.
import { setDebugLogger, setErrorLogger, setWarningLogger } from 'node-opcua-client';
import type { Log } from '#contract/driver.ts';

const longestLine = 300;
const logs = new Set<Log>();

/** From here on the library's lines go to this log too; gives what ends that. */
export function hearLibrary(log: Log): () => void {
  logs.add(log);
  return () => logs.delete(log);
}

/** The first argument says where in the library; the colours of a terminal are left out. */
function tell(_place: unknown, ...words: unknown[]): void {
  const text = words
    .map((word) => (typeof word === 'string' ? word : word instanceof Error ? word.message : ''))
    .join(' ')
    // oxlint-disable-next-line no-control-regex -- colours begin with the control character ESC
    .replace(/\u001b\[[\d;]*m/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (text === '') return;
  for (const log of logs) log('info', `library: ${text.slice(0, longestLine)}`);
}

setWarningLogger(tell);
setErrorLogger(tell);
setDebugLogger(() => undefined);
