/** Numbers, money and dates as people read them, in the language of the screen. */

export interface Amount {
	minor: number;
	currency: string;
}

function digits(currency: string): number {
	const format = new Intl.NumberFormat('en', { style: 'currency', currency });
	return format.resolvedOptions().maximumFractionDigits ?? 2;
}

/** Digits of the minor unit by ISO 4217, which some systems' locale data rounds away. */
const ISO_DIGITS: Record<string, number> = { TWD: 2, JPY: 0, KWD: 3 };

export function minorDigits(currency: string): number {
	return ISO_DIGITS[currency] ?? digits(currency);
}

export function money(amount: Amount, language: string): string {
	const fraction = minorDigits(amount.currency);
	return new Intl.NumberFormat(language, {
		style: 'currency',
		currency: amount.currency,
		minimumFractionDigits: fraction,
		maximumFractionDigits: fraction
	}).format(amount.minor / 10 ** fraction);
}

/**
 * Reads what a person typed as an amount in major units; undefined where it is none.
 * An empty field is nothing: zero.
 */
export function readAmount(typed: string, currency: string): number | undefined {
	const text = typed.replaceAll(/[\s,，]/g, '').replace('。', '.');
	if (text === '') return 0;
	const fraction = minorDigits(currency);
	const match = /^(\d{1,12})(?:\.(\d*))?$/.exec(text);
	if (!match || (match[2]?.length ?? 0) > fraction) return undefined;
	return Number(match[1] + (match[2] ?? '').padEnd(fraction, '0'));
}

export function day(date: string, language: string): string {
	return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(
		new Date(`${date.slice(0, 10)}T00:00:00Z`)
	);
}

/** Hours and minutes; in the zone of an address where one is given, else in the device's own. */
export function clock(moment: string, language: string, timeZone?: string): string {
	return new Intl.DateTimeFormat(language, {
		hour: '2-digit',
		minute: '2-digit',
		hourCycle: 'h23',
		timeZone
	}).format(new Date(moment));
}

export function dayAndClock(moment: string, language: string): string {
	return new Intl.DateTimeFormat(language, {
		dateStyle: 'medium',
		timeStyle: 'short',
		hourCycle: 'h23'
	}).format(new Date(moment));
}

/** Whole days between two dates. */
export function daysBetween(from: string, to: string): number {
	return Math.round((Date.parse(to.slice(0, 10)) - Date.parse(from.slice(0, 10))) / 86_400_000);
}

/** Today where this screen is, as YYYY-MM-DD. */
export function today(): string {
	const now = new Date();
	return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** The date of a moment where an address is, as YYYY-MM-DD. */
export function dayIn(moment: string, timeZone: string): string {
	const format = new Intl.DateTimeFormat('en', {
		year: 'numeric',
		month: '2-digit',
		day: '2-digit',
		timeZone
	});
	const parts = format.formatToParts(new Date(moment));
	const part = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
	return `${part('year')}-${part('month')}-${part('day')}`;
}

/** A date some days later, as YYYY-MM-DD. */
export function addDays(date: string, days: number): string {
	return new Date(Date.parse(date.slice(0, 10)) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Minutes and seconds, as a timer shows them. */
export function countdown(milliseconds: number): string {
	const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
