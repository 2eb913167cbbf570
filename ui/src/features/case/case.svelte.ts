/** The case of a page: read again whenever something changed underneath. */
import { device } from '../../backend/device';
import type { CaseView } from '../../backend/generated/CaseView';
import { Loaded } from '../../shared/loaded.svelte';
import { session } from '../session/session.svelte';

export function openCase(id: () => string): Loaded<CaseView> {
	const loaded = new Loaded<CaseView>();
	$effect(() => {
		void session.changes;
		const wanted = id();
		loaded.load(() => device.readCase(wanted));
	});
	return loaded;
}
