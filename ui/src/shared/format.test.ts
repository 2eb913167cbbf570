import { describe, expect, it, vi } from 'vitest';
import { addDays, countdown, dayIn, daysBetween, money, readAmount, today } from './format';

describe('amounts', () => {
	it('are read in major units and kept in minor ones', () => {
		expect(readAmount('1,234.5', 'CNY')).toBe(123450);
		expect(readAmount('', 'CNY')).toBe(0);
		expect(readAmount('500', 'JPY')).toBe(500);
		expect(readAmount('1.005', 'KWD')).toBe(1005);
	});

	it('are refused where a person can not have meant them', () => {
		for (const typed of ['-5', 'abc', '1.234', '1.2.3', '9999999999999'])
			expect(readAmount(typed, 'TWD')).toBeUndefined();
	});

	it('show the digits of their currency', () => {
		expect(money({ minor: 391300, currency: 'TWD' }, 'en')).toContain('3,913.00');
		expect(money({ minor: 500, currency: 'JPY' }, 'en')).toContain('500');
	});
});

describe('time', () => {
	it('counts days and seconds', () => {
		expect(daysBetween('2026-11-01', '2026-11-21')).toBe(20);
		expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
		expect(countdown(61_000)).toBe('1:01');
		expect(countdown(-5)).toBe('0:00');
	});

	it('begins a day at an address where the address is', () => {
		expect(dayIn('2026-11-20T16:30:00Z', 'Asia/Shanghai')).toBe('2026-11-21');
		expect(dayIn('2026-11-20T16:30:00Z', 'America/New_York')).toBe('2026-11-20');
	});

	it('begins a day where the screen is, not at Greenwich', () => {
		for (const hour of [0, 23]) {
			vi.useFakeTimers({ now: new Date(2026, 10, 21, hour, 30) });
			expect(today()).toBe('2026-11-21');
		}
		vi.useRealTimers();
	});
});
