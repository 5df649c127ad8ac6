// A comparison as one page that needs nothing else: opened from a disk, it asks nobody for anything. The
// script and style are built from hmi/comparison; here they are put together with the data.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComparisonReport } from '#contract/comparison.ts';
import { builtFile } from '#controller/product.ts';

export function comparisonPage(report: ComparisonReport): string {
  const script = asset('comparison.js');
  const style = asset('comparison.css');
  // Only these two may run or paint, whatever a name in the data says.
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  // `<` could end the element that holds the data.
  const data = JSON.stringify(report).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>Replay of a change</title>
<style>${style}</style>
</head>
<body>
<script type="application/json" id="report">${data}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** As it stands between its tags: without the line end that a build leaves. */
const asset = (name: string): string =>
  readFileSync(builtFile(join('comparison', name)), 'utf8').trim();

const hashOf = (text: string): string =>
  `sha256-${createHash('sha256').update(text).digest('base64')}`;
