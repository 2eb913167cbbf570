/** One thing at a time: a second tap while the first is being saved does nothing. */
export class Once {
	running = $state(false);
	problem = $state<unknown>();

	/** Does the work unless some is under way; keeps what went wrong. */
	async do(work: () => Promise<unknown>): Promise<void> {
		if (this.running) return;
		this.running = true;
		try {
			await work();
			this.problem = undefined;
		} catch (thrown) {
			this.problem = thrown;
		}
		this.running = false;
	}
}
