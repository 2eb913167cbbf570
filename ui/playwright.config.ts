import { defineConfig } from '@playwright/test';

/** The console in Debian's Chromium, against a real demo server that each file starts itself. */
export default defineConfig({
	testDir: 'tests',
	timeout: 60_000,
	retries: 0,
	workers: 1,
	reporter: 'list',
	use: {
		locale: 'en-US',
		timezoneId: 'Asia/Shanghai',
		viewport: { width: 1280, height: 900 },
		launchOptions: {
			executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
			args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync']
		}
	}
});
