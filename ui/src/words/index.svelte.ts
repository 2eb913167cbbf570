/** The language of the screen, and the sentences in it. */
import i18next from 'i18next';
import { en } from './en';
import { zhCN } from './zh-CN';

export type Key = keyof typeof en;
export type Language = 'en' | 'zh-CN';

const KEPT = 'doorstep.language';

class Words {
	/** The language now; screens follow when it changes. */
	language = $state<Language>('en');

	constructor() {
		const kept = globalThis.localStorage?.getItem(KEPT);
		const asked = globalThis.navigator?.language ?? 'en';
		this.language =
			kept === 'en' || kept === 'zh-CN' ? kept : asked.startsWith('zh') ? 'zh-CN' : 'en';
		i18next.init({
			lng: this.language,
			fallbackLng: 'en',
			resources: { en: { translation: en }, 'zh-CN': { translation: zhCN } },
			// Keys are flat: the dots belong to the codes of rules.
			keySeparator: false,
			nsSeparator: false,
			pluralSeparator: '__',
			initAsync: false,
			// Svelte escapes what it shows.
			interpolation: { escapeValue: false }
		});
		this.#tell();
	}

	speak(language: Language) {
		this.language = language;
		globalThis.localStorage?.setItem(KEPT, language);
		this.#tell();
	}

	#tell() {
		if (globalThis.document) document.documentElement.lang = this.language;
	}
}

export const words = new Words();

/** The sentence for a key. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
	return i18next.t(key, { ...values, lng: words.language });
}

/** The sentence in a language of its own: what another person reads on this screen. */
export function tIn(language: Language, key: Key): string {
	return i18next.t(key, { lng: language });
}

/** The sentence for a code that comes from elsewhere; a newer server may send an unknown one. */
export function tCode(
	prefix: string,
	code: string,
	otherwise: Key,
	values: Record<string, string | number> = {}
): string {
	const key = `${prefix}.${code}`;
	return key in en ? t(key as Key, values) : t(otherwise, values);
}

/** What comes in both languages, in the one that is shown. */
export function inWords(text: { en: string; zh: string }): string {
	return words.language === 'en' ? text.en : text.zh;
}

/** Why something could not be done now: what went wrong, or the rule that refused it. */
export function tProblem(code: string, message: string): string {
	const isRule = !(`problem.${code}` in en) && `rule.${code}` in en;
	return isRule ? tRule(code) : tCode('problem', code, 'problem.other', { message });
}

/** Why a rule held or refused something that was recorded earlier. */
export function tRule(code: string): string {
	return `rule.${code}` in en ? t(`rule.${code}` as Key) : tCode('problem', code, 'rule.other');
}
