import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    ssr: true,
    outDir: 'dist/simulator',
    emptyOutDir: true,
    sourcemap: true,
    rollupOptions: {
      input: { main: 'simulator/main.ts' },
      output: { entryFileNames: '[name].js' },
    },
  },
});
