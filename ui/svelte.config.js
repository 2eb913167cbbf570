import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	kit: {
		// One page for the window and for the console: the part behind `#` is the route, so that
		// the same files work from a folder, a window and any web server.
		router: { type: 'hash' },
		adapter: adapter({ pages: 'build', fallback: 'index.html' }),
		csp: {
			mode: 'hash',
			directives: {
				'default-src': ['self'],
				'script-src': ['self'],
				'style-src': ['self', 'unsafe-inline'],
				'img-src': ['self', 'data:', 'blob:'],
				'connect-src': ['self', 'ipc:', 'http://ipc.localhost'],
				'base-uri': ['none'],
				'form-action': ['self']
			}
		}
	}
};
