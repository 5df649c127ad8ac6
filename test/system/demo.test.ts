// What `npm start` runs once it has built: a page and a live cell within 15 s; and when it ends, by Ctrl-C
// or by force, no process of it and no listening port are left.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Demo } from './demo-process.ts';
import type { Process } from './processes.ts';
import { answers, family, living, portsOf, processesWith } from './processes.ts';
import { entriesOf } from './record.ts';
import { runRebe, until } from './test-cell.ts';

/** All that a running demo consists of. */
function partsOf(demo: Demo): { processes: readonly Process[]; ports: readonly number[] } {
  const processes = family(demo.pid);
  const ports = portsOf(processes);
  // Itself, control, station, broker, the simulator; page, broker and the simulator's two devices.
  expect(processes.length).toBeGreaterThanOrEqual(5);
  expect(ports.length).toBeGreaterThanOrEqual(4);
  return { processes, ports };
}

/** Nothing of it runs, and nothing of it listens. */
async function nothingLeft(
  demo: Demo,
  { processes, ports }: ReturnType<typeof partsOf>,
  limit: number,
): Promise<void> {
  await until(
    () => `no process is left: ${JSON.stringify(living(processes))}`,
    limit,
    () => (living(processes).length === 0 ? true : undefined),
  );
  expect(processesWith(demo.data)).toEqual([]);
  const open = await Promise.all(ports.map(async (port) => [port, await answers(port)]));
  expect(open.filter(([, open_]) => open_)).toEqual([]);
}

test('a page and a live cell within 15 s, and Ctrl-C leaves no process and no listening port', async () => {
  await using demo = new Demo();
  const link = await demo.link();
  const page = await fetch(link);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<!doctype html>');
  const asked = {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: link.origin },
    body: JSON.stringify({ key: link.hash.replace('#key=', '') }),
  };
  const session = await fetch(new URL('/session', link), asked);
  expect(session.status).toBe(200);
  expect(session.headers.get('set-cookie')).toMatch(/^rebe-\d+=.*HttpOnly; SameSite=Strict$/);
  const again = await fetch(new URL('/session', link), asked);
  expect(again.status).toBe(403);
  expect(await again.json()).toMatchObject({ code: 'E_LINK_USED' });
  await demo.executing(15_000);
  expect(Date.now() - demo.began).toBeLessThan(15_000);
  await demo.broker();

  const parts = partsOf(demo);
  const ended = new Promise<number | null>((done) => demo.child.once('exit', done));
  demo.interrupt();
  await nothingLeft(demo, parts, 10_000);
  expect(await ended).toBe(0);
  // It ended in order: the machine was driven safe, and the record says that it was meant.
  expect(entriesOf(demo.data, 'stop')).toHaveLength(1);
  const chronicle = join(demo.data, 'chronicle.db');
  expect(runRebe('verify', chronicle, '--keys', join(demo.data, 'keys', 'cell.pub')).code).toBe(0);
  expect(runRebe('replay', chronicle).stdout).toContain('identical at every scan');
}, 180_000);

test('a demo that is killed takes everything with it', async () => {
  await using demo = new Demo();
  await demo.link();
  await demo.executing(20_000);
  await demo.broker();
  const parts = partsOf(demo);
  process.kill(demo.pid, 'SIGKILL');
  await nothingLeft(demo, parts, 10_000);
  const chronicle = join(demo.data, 'chronicle.db');
  expect(runRebe('verify', chronicle).stdout).toContain('integrity     whole');
}, 180_000);
