import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    ssr: true,
    outDir: 'dist/simulator',
    emptyOutDir: true,
    sourcemap: true,
    rollupOptions: {
      input: { main: 'simulator/main.ts', scenario: 'simulator/scenario/scenario.ts' },
      output: { entryFileNames: '[name].js' },
    },
  },
});
