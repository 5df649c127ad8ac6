// Builds the page to dist/hmi: hashed assets, each with its compressed copy beside it, nothing from elsewhere,
// nothing inline (the page's CSP forbids it).
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

/** `x.js.gz` beside `x.js`: station serves it as it is, and compresses nothing itself. */
const compressed: Plugin = {
  name: 'compressed',
  enforce: 'post',
  // After all others: what is compressed is what is written.
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        if (!fileName.startsWith('assets/')) continue;
        const text = file.type === 'chunk' ? file.code : file.source;
        this.emitFile({
          type: 'asset',
          fileName: `${fileName}.gz`,
          source: gzipSync(text, { level: 9 }),
        });
      }
    },
  },
};

export default defineConfig({
  root: 'hmi',
  base: './',
  plugins: [compressed],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/hmi',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
    sourcemap: false,
    rolldownOptions: {
      treeshake: {
        // What contract/ says does nothing by itself: of a file that the page does not use, nothing is in it.
        moduleSideEffects: [{ test: /\/contract\//, sideEffects: false }],
      },
    },
  },
});
