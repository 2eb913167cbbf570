/** Something that is fetched: its value, or that it is under way, or why it is not there. */
export class Loaded<T> {
	value = $state<T>();
	problem = $state<unknown>();

	/** Fetches; the old value stays on the screen until the new one is there. */
	async load(fetching: () => Promise<T>): Promise<void> {
		try {
			this.value = await fetching();
			this.problem = undefined;
		} catch (thrown) {
			this.problem = thrown;
		}
	}
}
