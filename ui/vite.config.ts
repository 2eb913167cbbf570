import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vitest/config';

export default defineConfig({
	plugins: [sveltekit()],
	// WebKitGTK 2.40, the oldest window that is supported.
	build: { target: 'safari16' },
	test: { include: ['src/**/*.test.ts'], environment: 'node' }
});
