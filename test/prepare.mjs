// Runs before the tests: what they need beyond npm is installed where we are root, else named exactly.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const needed = [
  { file: '/usr/bin/chromium', packages: ['chromium', 'fonts-dejavu-core'] },
  { file: '/usr/bin/mbpoll', packages: ['mbpoll'] },
  { file: '/usr/bin/gcc', packages: ['gcc', 'libc6-dev'] },
  { file: '/usr/bin/pkg-config', packages: ['pkg-config'] },
  { file: '/usr/include/modbus/modbus.h', packages: ['libmodbus-dev'] },
  { file: '/usr/bin/systemd-analyze', packages: ['systemd'] },
  { file: '/usr/lib/python3/dist-packages/pymodbus', packages: ['python3-pymodbus'] },
  { file: '/usr/lib/python3/dist-packages/serial_asyncio', packages: ['python3-serial-asyncio'] },
  // Where Debian starts a mosquitto with its package, that has port 1883: no test uses it.
  { file: '/usr/sbin/mosquitto', packages: ['mosquitto'] },
  { file: '/usr/bin/mosquitto_sub', packages: ['mosquitto-clients'] },
  { file: '/usr/sbin/nats-server', packages: ['nats-server'] },
  { file: '/usr/bin/bwrap', packages: ['bubblewrap'] },
  { file: '/usr/bin/strace', packages: ['strace'] },
];
const missing = needed.filter(({ file }) => !existsSync(file)).flatMap(({ packages }) => packages);

if (missing.length > 0) {
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  if (process.getuid?.() !== 0) {
    process.stderr.write(
      `The tests need ${missing.join(' ')}. Install them:\n\n  sudo apt-get update && sudo ${install.join(' ')}\n\n`,
    );
    process.exit(1);
  }
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const command of [['apt-get', 'update'], install]) {
    process.stdout.write(`${command.join(' ')}\n`);
    const [program, ...words] = command;
    const { status } = spawnSync(program, words, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: environment,
    });
    if (status !== 0) {
      process.stderr.write(`${command.join(' ')} failed with ${status}\n`);
      process.exit(1);
    }
  }
}
