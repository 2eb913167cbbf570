import type { Ruling } from '../../backend/generated/Ruling';
import type { Tone } from '../../shared/tone';
import { t } from '../../words/index.svelte';

/** A verdict as a word and a tone; none yet means that it waits. */
export function rulingWord(ruling: Ruling | null): { tone: Tone; word: string } {
	switch (ruling?.ruling) {
		case 'applied':
			return { tone: 'go', word: t('ruling.applied') };
		case 'held':
			return { tone: 'ask', word: t('ruling.held') };
		case 'refused':
			return { tone: 'stop', word: t('ruling.refused') };
		default:
			return { tone: 'unknown', word: t('ruling.waiting') };
	}
}
