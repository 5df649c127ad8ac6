// The software bill of materials of a bundle: CycloneDX 1.5, from the lock's own versions, hashes and licences.
// The same bundle gives the same text: nothing in it is random.

/** The package that lies at `path` of the lock. */
export const nameOf = (path) =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** `bundle.mjs` says what is in the bundle; licences are as each package's author wrote them. */
export function bomOf({ name, version, target, time, packages, runtime }) {
  const product = `pkg:generic/${name}@${version}`;
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString(),
      component: { type: 'application', 'bom-ref': product, name, version },
      properties: [{ name: 'rebe:target', value: target }],
    },
    components: [
      {
        ...npmComponent(runtime.package, runtime.version, runtime.integrity),
        type: 'platform',
        description: 'the Node.js runtime',
        licenses: [{ license: { id: 'MIT' } }],
      },
      ...packages.map(({ path, name: given, version: of, integrity, license, resolved }) => ({
        ...npmComponent(given ?? nameOf(path), of, integrity),
        'bom-ref': path,
        ...(license === undefined ? {} : { licenses: [licence(license)] }),
        ...(resolved === undefined
          ? {}
          : { externalReferences: [{ type: 'distribution', url: resolved }] }),
      })),
    ],
  };
}

function npmComponent(name, version, integrity) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const [algorithm, base64] = integrity?.split('-', 2) ?? [];
  const alg = { sha512: 'SHA-512', sha256: 'SHA-256', sha1: 'SHA-1' }[algorithm];
  const hashes = [{ alg, content: Buffer.from(base64 ?? '', 'base64').toString('hex') }];
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(alg === undefined ? {} : { hashes }),
  };
}

/** An SPDX id, an expression of several, or whatever the author wrote. */
function licence(text) {
  if (/ (?:AND|OR|WITH) /.test(text)) return { expression: text };
  return /^[A-Za-z0-9.+-]+$/.test(text) ? { license: { id: text } } : { license: { name: text } };
}
