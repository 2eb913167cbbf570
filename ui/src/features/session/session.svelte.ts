/** What the window shows: setting up, unlocking, or the day. */
import { device } from '../../backend/device';
import type { SessionStateView } from '../../backend/generated/SessionStateView';
import type { SyncStatusView } from '../../backend/generated/SyncStatusView';

class Session {
	state = $state<SessionStateView>();
	status = $state<SyncStatusView>();
	/** Counts what changed underneath; pages reload when it moves. */
	changes = $state(0);

	async look() {
		this.state = await device.sessionState();
		if (this.state.state === 'open') await this.lookAtSync();
	}

	async lookAtSync() {
		this.status = await device.syncStatus();
	}

	/** Something was saved or arrived. */
	async changed() {
		this.changes += 1;
		await this.look();
	}

	async lock() {
		await device.lock();
		this.status = undefined;
		await this.look();
	}
}

export const session = new Session();
