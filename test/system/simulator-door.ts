// Faults for a running simulator over its own socket: in milliseconds, where a command takes a process.
import { connect } from 'node:net';
import { join } from 'node:path';

/** One request, one answer. */
export async function askSimulator(
  data: string,
  request: Readonly<Record<string, unknown>>,
): Promise<void> {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(join(data, 'simulator.sock'));
    let text = '';
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (!text.includes('\n')) return;
      socket.destroy();
      resolve(text);
    });
  });
  const { ok, text } = JSON.parse(answer) as { ok: boolean; text: string };
  if (!ok) throw new Error(`the simulator refused ${JSON.stringify(request)}: ${text}`);
}

export const fault = (data: string, target: string, kind: string): Promise<void> =>
  askSimulator(data, { verb: 'fault', target, kind });

export const clearFaults = (data: string): Promise<void> => askSimulator(data, { verb: 'clear' });
