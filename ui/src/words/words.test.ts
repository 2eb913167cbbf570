import { expect, it } from 'vitest';
import { en } from './en';
import { zhCN } from './zh-CN';

const marks = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

it('both languages name the same values in every sentence', () => {
	for (const [key, sentence] of Object.entries(en))
		expect(marks(zhCN[key as keyof typeof en]), key).toEqual(marks(sentence));
});

it('every rule that holds or refuses says so in words', () => {
	const sources = import.meta.glob<string>(
		['/../crates/domain/src/{judge,plan}/*.rs', '/../crates/server/src/intake/*.rs'],
		{ query: '?raw', import: 'default', eager: true }
	);
	const rules = Object.values(sources).flatMap((source) =>
		[...source.matchAll(/"([a-z]+\.[a-z_]+)"/g)].map((found) => found[1])
	);
	expect(rules.length).toBeGreaterThan(40);
	for (const rule of rules)
		expect(`rule.${rule}` in en || `problem.${rule}` in en, rule).toBe(true);
});

it('no sentence says failed, invalid, oops or simply', () => {
	for (const sentence of Object.values(en))
		expect(sentence).not.toMatch(/failed|invalid|oops|simply/i);
});
