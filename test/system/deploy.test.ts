// The bundle as a site gets it: on a PC with no Node, npm, compiler or network it is installed, makes parts, is
// upgraded, goes back, loses power, is backed up; and the record holds across all of it.
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { calmFlow, calmManifest } from './calm.ts';
import { soak } from './chance.ts';
import { Machine, noMachine } from './machine.ts';
import { makeBundle, seal, unpack, variantOf } from './bundle.ts';
import { root, until } from './test-cell.ts';
import type { Ran } from './test-cell.ts';

const why = noMachine();
const machine = new Machine();
const data = '/var/lib/rebe-cell/tending-1';
const version = '0.1.0';
let installed: Ran;

/** What `rebe` says on the machine, as an operator there would ask. */
const rebe = (words: string): Ran => machine.run(`rebe ${words} --data ${data}`);
const status = (): { version: string; boot: number; unit: string } | undefined => {
  const ran = rebe('status --json');
  if (ran.code !== 0) return undefined;
  const said = JSON.parse(ran.stdout) as {
    version: string;
    boot: number;
    flows: { tending: { regions: { unit: { state: string } } } };
  };
  return { ...said, unit: said.flows.tending.regions.unit.state };
};
const install = (bundle: string, more = ''): Ran =>
  machine.run(`/media/${bundle}/install.sh ${more}`);
const logged = (unit: string): string =>
  machine.run(`journalctl --no-pager -o cat -u '${unit}'`).stdout;

async function startPlant(): Promise<void> {
  const plant = '/var/lib/plant';
  const words = `rebe simulate /media/tending-1/tending.plant.yaml --data ${plant} --seed 1`;
  machine.run(
    `mkdir -p ${plant} && chown rebe: ${plant} && rm -f ${plant}/endpoints.json && ` +
      `systemd-run --quiet --unit=plant --property=User=rebe /media/first/bin/${words} --endpoints ${plant}/endpoints.json`,
  );
  await until(
    () => `the simulator writes its addresses; it said ${logged('plant')}`,
    120_000,
    () => (machine.run(`test -f ${plant}/endpoints.json`).code === 0 ? true : undefined),
  );
}

/** From wherever the unit is to its work, by the commands that a person gives. */
async function work(): Promise<void> {
  const next: Readonly<Record<string, string>> = {
    'unit.Aborted': 'clear',
    'unit.Held': 'stop',
    'unit.Stopped': 'reset',
    'unit.Idle': 'start',
  };
  let asked = '';
  await until(
    () => `the unit executes; it is ${JSON.stringify(status())}, asked for ${asked}`,
    200_000,
    () => {
      const unit = status()?.unit ?? '';
      if (unit.startsWith('unit.Execute')) return true;
      asked = next[unit] ?? '';
      if (asked === 'reset') rebe('command tending empty');
      if (asked !== '') rebe(`command tending ${asked}`);
      return undefined;
    },
  );
}

/** The page waits before it starts, and with it the judge of a version that is tried. */
const slowPage = '/etc/systemd/system/rebe-station@.service.d/slow.conf';

/** An upgrade that is on trial, and stays it. */
async function tryForEver(): Promise<void> {
  if (!existsSync(join(machine.folder, 'fourth'))) {
    variantOf(machine.folder, 'first', 'fourth', '0.4.0');
  }
  machine.run(`mkdir -p $(dirname ${slowPage})`);
  machine.run(`printf '[Service]\\nTimeoutStartSec=600\\nExecStartPre=sleep 500\\n' >${slowPage}`);
  machine.run('setsid /media/fourth/install.sh --within 400 >/media/fourth.log 2>&1 &');
  await until('the new version is tried', 120_000, () =>
    status()?.version === '0.4.0' ? true : undefined,
  );
}

describe.skipIf(why !== undefined)(
  `on a PC of its own${why === undefined ? '' : `: ${why}`}`,
  () => {
    beforeAll(async () => {
      await machine.start();
      const archive = makeBundle();
      unpack(archive, join(machine.folder, 'first'));
      const cell = join(machine.folder, 'tending-1');
      const demo = join(root, 'flows', 'cnc-tending');
      cpSync(demo, cell, { recursive: true });
      const [manifest, flow] = ['cell.yaml', 'cnc-tending.flow.yaml'] as const;
      const [cellText, flowText] = [manifest, flow].map((name) =>
        readFileSync(join(demo, name), 'utf8'),
      ) as [string, string];
      writeFileSync(join(cell, manifest), calmManifest(cellText, {}));
      writeFileSync(join(cell, flow), calmFlow(flowText, cellText, {}));
      writeFileSync(
        join(cell, 'control.env'),
        'REBE_OPTIONS=--endpoints /var/lib/plant/endpoints.json\n',
      );
      machine.run('mknod /dev/ttyS9 c 4 73');
      machine.run('systemd-sysusers /media/first/systemd/rebe-cell.sysusers.conf');
      await startPlant();
      installed = install('first', '--cell /media/tending-1 --within 200');
    }, 400_000);
    afterAll(async () => {
      await machine[Symbol.asyncDispose]();
    }, 200_000);

    test('the bundle says of every package in it what it is and by which hash', () => {
      const folder = join(machine.folder, 'first');
      const bom = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as {
        components: { 'bom-ref': string; hashes?: unknown; licenses?: unknown }[];
      };
      const refs = bom.components.map((component) => component['bom-ref']);
      const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
        const [, ref] =
          /^((?:.+\/)?node_modules\/(?:@[^/]+\/)?[^/@]+)\/package\.json$/.exec(path) ?? [];
        return ref ?? [];
      });
      expect(found.length).toBeGreaterThan(200);
      expect(refs.filter((ref) => ref.startsWith('node_modules')).toSorted()).toEqual(
        found.toSorted(),
      );
      expect(refs.filter((ref) => ref.startsWith('pkg:npm/node-linux'))).toHaveLength(1);
      expect(bom.components.filter(({ hashes }) => hashes === undefined)).toEqual([]);
      const unlicensed = bom.components.filter(({ licenses }) => licenses === undefined);
      expect(unlicensed.length).toBeLessThanOrEqual(3);
    });

    test('nothing is on it that could build or fetch a program', () => {
      const absent = 'node npm npx gcc cc make python3 perl git curl wget apt-get dpkg';
      expect(machine.run(`for one in ${absent}; do command -v $one; done`).stdout).toBe('');
      expect(machine.run('cat /proc/net/dev').stdout.match(/^ *\w+:/gm)).toEqual([
        expect.stringContaining('lo:'),
      ]);
    });

    test('one command installs it with a cell, which comes up', () => {
      expect(installed).toMatchObject({ code: 0 });
      expect(installed.stdout).toContain(
        `rebe-cell ${version} is installed in /opt/rebe-cell/${version}`,
      );
      expect(status()).toMatchObject({ version, boot: 1 });
      expect(
        machine.run('stat -c %U:%a /var/lib/rebe-cell/tending-1 /etc/rebe-cell/tending-1').stdout,
      ).toBe('rebe:700\nroot:750\n');
    });

    test('control and what watches it are first on the machine, the page takes what they leave', () => {
      const rows = machine.run("ps -eo cls,rtprio,ni,user,args | grep '[r]ebe .*--data'").stdout;
      const seen = Object.fromEntries(
        rows
          .trim()
          .split('\n')
          .filter((row) => row.includes('rebe control') || row.includes('rebe station'))
          .map((row) => {
            const [policy, priority, nice, user, , name] = row.trim().split(/\s+/);
            return [name, { policy, priority, nice, user }];
          }),
      );
      expect(seen).toEqual({
        control: { policy: 'RR', priority: '20', nice: '-', user: 'rebe' },
        station: { policy: 'TS', priority: '-', nice: '5', user: 'rebe' },
      });
    });

    test('systemd finds nothing wrong with the units, and little exposed', () => {
      for (const [unit, most] of Object.entries({ 'rebe-cell': 30, 'rebe-station': 20 })) {
        const verified = machine.run(`systemd-analyze verify ${unit}@tending-1.service`);
        expect(verified).toEqual({ code: 0, stdout: '', stderr: '' });
        const file = `/usr/local/lib/systemd/system/${unit}@.service`;
        const checked = machine.run(
          `systemd-analyze security --offline=yes --threshold=${most} ${file}`,
        );
        expect(checked, checked.stdout.slice(-400)).toMatchObject({ code: 0 });
      }
    });

    test('what shells ask of station’s unit is a drop-in of the bundle, and off', () => {
      const folder = '/etc/systemd/system/rebe-station@tending-1.service.d';
      expect(machine.run(`test -e ${folder}`).code).toBe(1);
      const file = '/opt/rebe-cell/current/systemd/rebe-station-shell.conf';
      const put = machine.run(`install -D -m 644 ${file} ${folder}/shell.conf`);
      const verified = machine.run('systemd-analyze verify rebe-station@tending-1.service');
      machine.run(`rm -r ${folder}`);
      expect([put, verified]).toEqual([1, 2].map(() => ({ code: 0, stdout: '', stderr: '' })));
    });

    test('the page sees neither the private keys of the cell nor a device', () => {
      const pid = machine.run('systemctl show -P MainPID rebe-station@tending-1').stdout.trim();
      const inside = (command: string): Ran => machine.run(`nsenter -t ${pid} -m ${command}`);
      expect(machine.run(`test -s ${data}/keys/cell.key`).code).toBe(0);
      expect(inside(`test -e ${data}/keys/cell.key`).code).toBe(1);
      expect(inside('touch /usr/x').stderr).toContain('Read-only file system');
      expect(machine.run('test -e /dev/ttyS9').code).toBe(0);
      expect(inside('test -e /dev/ttyS9').code).toBe(1);
    });

    test('it makes parts', async () => {
      await work();
      const parts = await until('a part is made', 120_000, () => {
        const [, made] = /"parts":([1-9]\d*)/.exec(rebe('status --json').stdout) ?? [];
        return made;
      });
      expect(Number(parts)).toBeGreaterThan(0);
    }, 400_000);

    test('a supervisor that hangs is ended by systemd, control ends in order and starts again', async () => {
      const boot = status()?.boot ?? 0;
      const main = machine.run('systemctl show -P MainPID rebe-cell@tending-1').stdout.trim();
      machine.run(`kill -STOP ${main}`);
      // It is silent from now on, and its silence is noticed after 1 s in place of the unit's 10.
      const sooner = `systemd-notify --pid=${main} WATCHDOG_USEC=1000000`;
      expect(machine.run(`NOTIFY_SOCKET=/run/systemd/notify ${sooner}`)).toMatchObject({ code: 0 });
      await until('control runs again', 200_000, () =>
        (status()?.boot ?? 0) > boot ? true : undefined,
      );
      expect(logged('rebe-cell@tending-1')).toContain('control stopped: every output is safe');
      const stops = machine.run(`rebe chronicle tail --data ${data} --kind stop`).stdout;
      expect(stops).toContain('the supervisor is gone');
    }, 400_000);

    test('a newer version takes its place, with the record', () => {
      variantOf(machine.folder, 'first', 'second', '0.2.0');
      const boot = status()?.boot ?? 0;
      const upgraded = install('second', '--within 200');
      expect(upgraded).toMatchObject({ code: 0 });
      expect(upgraded.stdout).toContain('before it: 0.1.0');
      expect(status()).toMatchObject({ version: '0.2.0', boot: boot + 1 });
    }, 400_000);

    test('one that does not come up goes, and the version before is back', () => {
      const main = 'dist/controller/main.js';
      const folder = variantOf(machine.folder, 'first', 'third', '0.3.0');
      const text = readFileSync(join(folder, main), 'utf8');
      rmSync(join(folder, main));
      writeFileSync(
        join(folder, main),
        text.replace(/\n/, "\nif (process.argv[2] === 'control') process.exit(70);\n"),
      );
      seal(folder);
      const refused = install('third', '--within 6');
      expect(refused.code).toBe(1);
      expect(refused.stdout).toContain('went back: 0.2.0 runs tending-1');
      expect(refused.stderr).toContain('0.3.0 was not installed');
      expect(status()).toMatchObject({ version: '0.2.0' });
      expect(machine.run('readlink /opt/rebe-cell/current').stdout).toBe('0.2.0\n');
      expect(machine.run('ls /run/systemd/system').stdout).not.toContain('rebe-');
    }, 400_000);

    test('after a power cut in the middle of an upgrade the version before runs', async () => {
      await tryForEver();
      await machine.cutPower();
      rmSync(join(machine.folder, 'root', slowPage));
      await machine.start();
      await startPlant();
      await until(
        () => `the cell is back: ${logged('rebe-*')}`,
        120_000,
        () => (status()?.version === '0.2.0' ? true : undefined),
      );
      expect(machine.run('readlink /opt/rebe-cell/current').stdout).toBe('0.2.0\n');
    }, 400_000);

    test.runIf(soak)(
      'an upgrade whose installer is killed is ended by systemd',
      async () => {
        await tryForEver();
        machine.run('pkill -KILL -f [f]ourth/install.sh');
        expect(machine.run('systemctl list-timers --plain').stdout).toContain(
          'rebe-cell-trial.timer',
        );
        machine.run(
          `rm ${slowPage}; systemctl daemon-reload; systemctl start rebe-cell-trial.service`,
        );
        await until('the cell is back', 120_000, () =>
          status()?.version === '0.2.0' ? true : undefined,
        );
        expect(machine.run('ls /run/systemd/system').stdout).not.toContain('rebe-cell@');
      },
      400_000,
    );

    test('a backup of it, restored elsewhere, verifies', () => {
      expect(rebe('backup /tmp/cell.tar.gz')).toMatchObject({ code: 0 });
      expect(machine.run('rebe restore /tmp/cell.tar.gz /tmp/elsewhere')).toMatchObject({
        code: 0,
      });
      expect(machine.run('rebe verify /tmp/elsewhere/chronicle.db')).toMatchObject({ code: 0 });
    }, 200_000);

    test('uninstalled, it leaves the record, which verifies with every version in it', () => {
      const removed = machine.run('/opt/rebe-cell/current/uninstall.sh');
      expect(removed).toMatchObject({ code: 0 });
      expect(removed.stdout).toContain('left: /etc/rebe-cell (settings), /var/lib/rebe-cell');
      expect(
        machine.run('ls /opt /usr/local/bin /usr/local/lib/systemd/system').stdout,
      ).not.toContain('rebe');
      expect(
        machine.run("systemctl list-units --all --plain --no-legend 'rebe-*' | grep -v slice")
          .stdout,
      ).toBe('');
      const bundle = '/media/first/bin/rebe';
      const verified = machine.run(`${bundle} verify ${data}/chronicle.db`);
      expect(verified, verified.stdout + verified.stderr).toMatchObject({ code: 0 });
      const boots = machine.run(
        `${bundle} chronicle tail --data ${data} --kind boot --count 100`,
      ).stdout;
      const versions = [...boots.matchAll(/rebe (\d\S+) on Node/g)].map(([, one]) => one);
      expect(new Set(versions)).toEqual(new Set(['0.1.0', '0.2.0', '0.4.0']));
    }, 200_000);
  },
);
