// `npm run bundle`: one archive of the built product, its production packages with their compiled natives and
// a Node runtime, with a sum of every file and an SBOM. Builds nothing itself: `npm ci` and the build came before.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bomOf, nameOf } from './sbom.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { name, version } = readJson(join(root, 'package.json'));
const target = `linux-${process.arch}`;

/**
 * The Node that goes along, by the ABI that natives were compiled for: the one of the Node that builds. Pinned, so
 * that the registry cannot give another.
 */
const runtimes = {
  115: {
    version: '20.20.2',
    x64: 'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
    arm64:
      'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
  },
  137: {
    version: '24.21.0',
    x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    arm64:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

/** What of the product goes along as it stands here. */
const product = [
  'package.json',
  'CHANGELOG.md',
  'dist/controller',
  'dist/simulator',
  'dist/hmi',
  'dist/comparison',
  'flows/cnc-tending',
  'flows/lamp',
  'deploy/cell.schema.json',
  'deploy/flow.schema.json',
  'deploy/plant.schema.json',
  'deploy/scenario.schema.json',
];
/** Beside it, at the top: what a person on site looks for. */
const onSite = {
  'install.sh': 'install.sh',
  'uninstall.sh': 'uninstall.sh',
  'bin/rebe': 'bin/rebe',
  systemd: 'systemd',
  brokers: 'brokers',
  '../docs/guides/deploy.md': 'README.md',
  '../docs/guides/pc.md': 'pc.md',
};

/** Never needed to run: types, maps, prose, tests, what natives were made from and what they are for elsewhere. */
const left = [
  /\.(?:d\.[cm]?ts|map|md|markdown|tsbuildinfo|flow)$/i,
  /^(?:@[^/]+\/)?[^/]+\/(?:tests?|__tests__|\.github|examples?|benchmarks?)(?:\/|$)/,
  /^node-pty\/(?:src|third_party|deps|typings|scripts|node_modules)(?:\/|$)/,
  /^better-sqlite3\/(?:src|deps)(?:\/|$)/,
  /^@serialport\/bindings-cpp\/src(?:\/|$)/,
  /\/binding\.gyp$/,
  /\.musl\.node$/,
  /\/\.bin(?:\/|$)/,
];

function isLeft(path) {
  if (left.some((pattern) => pattern.test(path))) return true;
  const [, prebuilt] = /\/prebuilds\/([^/]+)/.exec(path) ?? [];
  if (prebuilt !== undefined && prebuilt !== target) return true;
  const [, built] = /^(?:better-sqlite3|node-pty)\/build\/(.+)$/.exec(path) ?? [];
  return built !== undefined && built !== 'Release' && !/^Release\/[^/]+\.node$/.test(built);
}

function readJson(path) {
  return JSON.parse(fs.readFileSync(path, 'utf8'));
}

function fail(text) {
  process.stderr.write(`bundle: ${text}\n`);
  process.exit(1);
}

function run(program, words, options = {}) {
  const ran = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (ran.status !== 0) fail(`${program} ${words.join(' ')}: ${ran.error ?? ran.stderr}`);
  return ran.stdout;
}

/** Every file below, in one order wherever it is made. */
function filesIn(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

/** The packages of a production install: what the lock names and does not mark as for development. */
function packagesOf(lock) {
  return Object.entries(lock.packages).flatMap(([path, entry]) => {
    if (path === '' || entry.dev === true) return [];
    const folder = join(root, path);
    if (!fs.existsSync(folder)) {
      if (entry.optional === true) return [];
      fail(`${path} is not installed: npm ci`);
    }
    const found = readJson(join(folder, 'package.json')).version;
    if (found !== entry.version)
      fail(`${path} is ${found}, the lock says ${entry.version}: npm ci`);
    return [{ path, ...entry }];
  });
}

function copyPackage(path, stage) {
  const folder = join(root, path);
  const packageName = nameOf(path);
  fs.cpSync(folder, join(stage, path), {
    recursive: true,
    dereference: true,
    filter: (source) => {
      if (source === folder) return true;
      const inside = relative(folder, source);
      // Packages below another have entries of their own in the lock.
      return inside !== 'node_modules' && !isLeft(`${packageName}/${inside}`);
    },
  });
}

/** Unpacks the runtime into `stage/node`: the program and its licence, nothing to compile with. */
function addRuntime(stage, scratch) {
  const runtime = runtimes[process.versions.modules];
  const integrity = runtime?.[process.arch];
  if (integrity === undefined) {
    const known = Object.values(runtimes).map((one) => one.version.split('.')[0]);
    fail(
      `no runtime for ${target} with the ABI of Node ${process.version}; build with Node ${known.join(' or ')}`,
    );
  }
  const wanted = `node-${target}@${runtime.version}`;
  run('npm', ['pack', wanted, '--silent', '--prefer-offline', '--pack-destination', scratch]);
  const packed = join(scratch, `node-${target}-${runtime.version}.tgz`);
  const sum = createHash('sha512').update(fs.readFileSync(packed)).digest('base64');
  if (`sha512-${sum}` !== integrity) fail(`${wanted} is not the one that is pinned: sha512-${sum}`);
  fs.mkdirSync(join(stage, 'node'));
  const files = ['package/bin/node', 'package/LICENSE'];
  run('tar', ['-xzf', packed, '-C', join(stage, 'node'), '--strip-components=1', ...files]);
  return { version: runtime.version, integrity, package: `node-${target}` };
}

/** The last commit's time, so that one commit gives one archive. Seconds. */
function commitTime() {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) return Number(given);
  const asked = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  return asked.status === 0 ? Number(asked.stdout) : 0;
}

function sums(stage) {
  const lines = filesIn(stage).map((file) => {
    const hash = createHash('sha256')
      .update(fs.readFileSync(join(stage, file)))
      .digest('hex');
    return `${hash}  ./${file}\n`;
  });
  fs.writeFileSync(join(stage, 'SHA256SUMS'), lines.join(''));
}

/** Everyone may read, nobody may write, and what is run may be run. */
function setModes(stage) {
  for (const file of filesIn(stage)) {
    const runs = /^(?:node\/bin\/|bin\/|[^/]+\.sh$)/.test(file);
    fs.chmodSync(join(stage, file), runs ? 0o755 : 0o644);
  }
}

function archive(folder, file, time) {
  const words = ['--sort=name', `--mtime=@${time}`, '--owner=0', '--group=0', '--numeric-owner'];
  run('tar', [...words, '-C', dirname(folder), '-cf', `${file}.tar`, basename(folder)]);
  run('gzip', ['-n', '-6', '-f', `${file}.tar`]);
  fs.renameSync(`${file}.tar.gz`, file);
  const hash = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
  fs.writeFileSync(`${file}.sha256`, `${hash}  ${basename(file)}\n`);
}

function bundle() {
  const out = join(root, 'dist', 'bundle');
  for (const built of product) {
    if (!fs.existsSync(join(root, built))) fail(`${built} is missing: npm run build`);
  }
  fs.rmSync(out, { recursive: true, force: true });
  const stage = join(out, `${name}-${version}-${target}`);
  const scratch = join(out, 'scratch');
  for (const folder of [stage, scratch]) fs.mkdirSync(folder, { recursive: true });
  for (const path of product) fs.cpSync(join(root, path), join(stage, path), { recursive: true });
  for (const [from, to] of Object.entries(onSite)) {
    fs.cpSync(join(root, 'deploy', from), join(stage, to), { recursive: true });
  }
  fs.writeFileSync(join(stage, 'VERSION'), `${version}\n`);
  const packages = packagesOf(readJson(join(root, 'package-lock.json')));
  for (const { path } of packages) copyPackage(path, stage);
  const time = commitTime();
  const runtime = addRuntime(stage, scratch);
  const bom = bomOf({ name, version, target, time, packages, runtime });
  fs.writeFileSync(join(stage, 'sbom.cdx.json'), `${JSON.stringify(bom, null, 1)}\n`);
  setModes(stage);
  sums(stage);
  const file = join(root, 'dist', `${basename(stage)}.tar.gz`);
  archive(stage, file, time);
  fs.rmSync(out, { recursive: true, force: true });
  const size = (fs.statSync(file).size / 1e6).toFixed(0);
  process.stdout.write(`${relative(process.cwd(), file)}  ${size} MB, Node ${runtime.version}\n`);
}

bundle();
