// Builds the script and the style of the page that `rebe replay --page` writes: one file of each, that
// need nothing else.
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    outDir: 'dist/comparison',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    lib: {
      entry: 'hmi/comparison/page.ts',
      formats: ['iife'],
      name: 'comparison',
      fileName: () => 'comparison.js',
      cssFileName: 'comparison',
    },
  },
});
