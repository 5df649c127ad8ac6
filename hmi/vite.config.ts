// Builds the page to dist/hmi: hashed assets, nothing from elsewhere, nothing inline (the page's CSP forbids it).
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'hmi',
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/hmi',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
    sourcemap: false,
  },
});
