/** What is being recorded in this window: every screen shows it while it runs. */
import { device, type RunningRecording } from '../../backend/device';

const LOOK_EVERY_MS = 1000;

class Recorder {
	running = $state<RunningRecording>();
	#timer: ReturnType<typeof setInterval> | undefined;

	/** Looks what runs, and goes on looking while something does. */
	async look() {
		this.running = (await device.recording().catch(() => null)) ?? undefined;
		if (this.running && !this.#timer) {
			this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
		} else if (!this.running && this.#timer) {
			clearInterval(this.#timer);
			this.#timer = undefined;
		}
	}

	async start(caseId: string, consent: boolean) {
		await device.startRecording(caseId, consent);
		await this.look();
	}

	async stop() {
		try {
			await device.stopRecording();
		} finally {
			await this.look();
		}
	}
}

export const recorder = new Recorder();
