// Builds the soak's program: `npm run soak -- --hours 72` runs for days, and needs no test runner around it.
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist/soak',
    emptyOutDir: true,
    sourcemap: true,
    rollupOptions: {
      input: { main: 'test/soak/main.ts' },
      output: { entryFileNames: '[name].js' },
    },
  },
});
