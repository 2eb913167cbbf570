/** A form that survives leaving, locking and a dead battery: kept on the device as it is typed. */
import { device } from '../../backend/device';

const KEEP_AFTER_MS = 300;

export class FormDraft<T extends object> {
	form = $state() as T;
	#ready = false;
	#waiting: ReturnType<typeof setTimeout> | undefined;

	constructor(name: string, caseId: () => string, empty: T) {
		this.form = empty;
		$effect(() => {
			const id = caseId();
			device
				.formDraft(name, id)
				.then((kept) => {
					if (kept) this.form = { ...empty, ...JSON.parse(kept) };
				})
				.finally(() => (this.#ready = true));
		});
		$effect(() => {
			const doc = JSON.stringify(this.form);
			const id = caseId();
			if (!this.#ready) return;
			this.#waiting = setTimeout(
				() => void device.keepFormDraft(name, id, doc).catch(() => undefined),
				KEEP_AFTER_MS
			);
			return () => clearTimeout(this.#waiting);
		});
	}

	/** The form is about to be saved: nothing typed before may come back as a draft. */
	finish() {
		clearTimeout(this.#waiting);
	}
}
