/** The console's case list: words, a switch, and pages. */
import { server } from '../../backend/console';
import type { CasesView } from '../../backend/generated/CasesView';
import { Loaded } from '../../shared/loaded.svelte';
import { signedIn } from '../session/person.svelte';

const WAIT_MS = 180;

export class CaseSearch {
	search = $state('');
	unassigned = $state(false);
	offset = $state(0);
	readonly limit: number;
	readonly found = new Loaded<CasesView>();

	constructor(limit: number) {
		this.limit = limit;
		$effect(() => {
			const query = {
				search: this.search,
				unassigned: this.unassigned,
				offset: this.offset,
				limit: this.limit
			};
			// Typing is faster than asking: ask when the fingers rest.
			const timer = setTimeout(() => {
				void this.found
					.load(() => server.cases(query))
					.then(() => signedIn.noticed(this.found.problem));
			}, WAIT_MS);
			return () => clearTimeout(timer);
		});
	}

	/** Other words start at the first page again. */
	narrow() {
		this.offset = 0;
	}
}
