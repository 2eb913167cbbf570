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
		if (this.state.state !== 'open') return;
		this.isNewcomer = false;
		await this.lookAtSync();
	}

	async lookAtSync() {
		this.status = await device.syncStatus();
	}

	/** Another person sets themselves up beside whoever is here already. */
	isNewcomer = $state(false);

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
