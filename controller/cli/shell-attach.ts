// `rebe shell attach SESSION`: the terminal that this runs in, raw, at a shell; and back as it was, whatever happens.
import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { CellError } from '#contract/error.ts';
import { shellPath, shellProtocol } from '#contract/shell-frames.ts';
import { joinShell } from '#contract/shell-routes.ts';
import { Part, SessionId } from '#contract/shell.ts';
import { realClock } from '#controller/clock.ts';
import { Attachment, restored } from './attach.ts';
import type { AttachEnd } from './attach.ts';
import type { Asker } from './people-session.ts';
import { exit } from './verb.ts';
import type { Invocation, OptionPlan } from './verb.ts';

export const attachOptions: Readonly<Record<string, OptionPlan>> = {
  observe: { type: 'boolean', help: 'attach: only watch; q leaves' },
  as: { type: 'string', help: 'attach: driver (default), peer, supervisor or observer' },
};

/** Until the shell ends or whoever sits here leaves. Throws what station refuses. */
export async function attachShell(
  asker: Asker,
  word: string,
  invocation: Invocation,
): Promise<number> {
  const session = SessionId.safeParse(word);
  if (!session.success)
    throw new CellError('E_SHELL_UNKNOWN', 'a shell is named like sh-0123456789abcdef');
  const part = partOf(invocation);
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY)
    throw new CellError('E_USAGE', 'rebe shell attach needs a terminal on both sides');
  const path = joinShell.path.replace(':id', session.data);
  const attachment = new Attachment(
    realClock(),
    {
      ticket: async () => {
        const { method, answer } = joinShell;
        return (await asker.ask(answer, { method, path, body: { part } })).ticket;
      },
      dial: async () => asker.dial(shellPath, shellProtocol),
    },
    {
      part,
      terminal: {
        write: (bytes, shown) => void stdout.write(bytes, () => shown()),
        size: () => ({ cols: held(stdout.columns, 500), rows: held(stdout.rows, 300) }),
      },
    },
  );
  const end = await inRawMode(attachment);
  if (end.error !== undefined) throw end.error;
  const text = end.code === undefined ? 'left; it goes on for a while' : `ended with ${end.code}`;
  process.stderr.write(`${session.data}: ${text}\n`);
  return exit.good;
}

function partOf(invocation: Invocation): Part {
  if (invocation.flag('observe')) return 'observer';
  const part = Part.exclude(['agent']).safeParse(invocation.option('as') ?? 'driver');
  if (part.success) return part.data;
  throw new CellError('E_USAGE', '--as is driver, peer, supervisor or observer');
}

const held = (count: number, most: number): number => Math.max(2, Math.min(most, count));

async function inRawMode(attachment: Attachment): Promise<AttachEnd> {
  const { stdin, stdout } = process;
  const typed = (bytes: Buffer): void => attachment.pressed(bytes);
  const sized = (): void => attachment.resized();
  const leave = (): void => attachment.leave();
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
  let raw = true;
  const restore = (): void => {
    if (!raw) return;
    raw = false;
    stdin.setRawMode(false);
    try {
      writeSync(stdout.fd, restored);
    } catch {
      // Nobody is there to see it.
    }
  };
  process.once('exit', restore);
  for (const signal of signals) process.on(signal, leave);
  stdin.setRawMode(true);
  stdin.on('data', typed);
  stdin.on('end', leave);
  stdout.on('resize', sized);
  try {
    attachment.start();
    const end = await attachment.ended;
    // What the terminal answers late is not typed into whatever is here next.
    await wait(100);
    return end;
  } finally {
    restore();
    stdin.off('data', typed);
    stdin.off('end', leave);
    stdin.pause();
    stdout.off('resize', sized);
    for (const signal of signals) process.off(signal, leave);
    process.off('exit', restore);
  }
}
