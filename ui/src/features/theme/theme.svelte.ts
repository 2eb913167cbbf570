/** Day, night or outdoors: one tap, and kept on this device. */
export type Theme = 'light' | 'dark' | 'outdoor';

const KEPT = 'doorstep.theme';

class Look {
	theme = $state<Theme>('light');

	constructor() {
		const kept = globalThis.localStorage?.getItem(KEPT);
		const night = globalThis.matchMedia?.('(prefers-color-scheme: dark)').matches;
		this.wear(
			kept === 'light' || kept === 'dark' || kept === 'outdoor' ? kept : night ? 'dark' : 'light'
		);
	}

	wear(theme: Theme) {
		this.theme = theme;
		globalThis.localStorage?.setItem(KEPT, theme);
		if (globalThis.document) document.documentElement.dataset.theme = theme;
	}
}

export const look = new Look();
