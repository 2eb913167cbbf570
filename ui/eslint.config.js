import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const onlyBackend = {
	paths: [],
	patterns: [{ group: ['@tauri-apps/*'], message: 'Only src/backend/ talks to the device.' }]
};

export default ts.config(
	js.configs.recommended,
	...ts.configs.recommended,
	...svelte.configs['flat/recommended'],
	{ languageOptions: { globals: { ...globals.browser, ...globals.node } } },
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
		rules: { 'svelte/no-navigation-without-resolve': 'off' }
	},
	{ rules: { 'no-undef': 'off' } },
	{
		files: ['src/**'],
		ignores: ['src/backend/**'],
		rules: {
			'no-restricted-imports': ['error', onlyBackend],
			'no-restricted-globals': [
				'error',
				{ name: 'fetch', message: 'Only src/backend/ talks to the server.' }
			]
		}
	},
	{
		files: ['src/shared/**'],
		rules: {
			'no-restricted-imports': [
				'error',
				{
					patterns: [
						...onlyBackend.patterns,
						{
							group: ['$lib/*', '../features/*', '../routes/*', '**/features/**'],
							message: 'shared/ imports nothing above itself.'
						}
					]
				}
			]
		}
	},
	{
		ignores: ['build/', '.svelte-kit/', 'node_modules/', 'src/backend/generated/', 'test-results/']
	}
);
