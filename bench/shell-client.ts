// What bench/shell.mjs needs of the product's own client, built for it: a viewer of a shell on a socket.
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { ShellClient } from '#contract/shell-client.ts';
import { shellProtocol } from '#contract/shell-frames.ts';

export async function attach(
  { port, ticket }: { port: number; ticket: string },
  output: (bytes: Uint8Array, shown: () => void) => void,
): Promise<{ type(text: string): void; close(): void; readonly carried: number }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/shell`, shellProtocol, {
    perMessageDeflate: false,
  });
  let carried = 0;
  const welcomed = new Promise<void>((resolve) => {
    socket.on('open', () => client.opened(ticket));
    socket.on('message', (bytes: Buffer) => {
      carried += bytes.length;
      client.received(bytes);
      if (client.welcome) resolve();
    });
  });
  const client = new ShellClient(randomBytes(16).toString('hex'), {
    send: (frame) => socket.send(frame),
    output,
    reset: () => undefined,
    resized: () => undefined,
    says: () => undefined,
    exited: () => undefined,
  });
  await welcomed;
  return {
    type: (text) => void client.type(Buffer.from(text)),
    close: () => socket.terminate(),
    get carried() {
      return carried;
    },
  };
}
