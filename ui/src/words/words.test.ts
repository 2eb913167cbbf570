import { expect, it } from 'vitest';
import { en } from './en';
import { zhCN } from './zh-CN';

const marks = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

it('both languages name the same values in every sentence', () => {
	for (const [key, sentence] of Object.entries(en))
		expect(marks(zhCN[key as keyof typeof en]), key).toEqual(marks(sentence));
});

it('no sentence says failed, invalid, oops or simply', () => {
	for (const sentence of Object.values(en))
		expect(sentence).not.toMatch(/failed|invalid|oops|simply/i);
});
