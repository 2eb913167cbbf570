import type { ClearanceView } from '../../backend/generated/ClearanceView';

/** What a clearance comes down to. */
export function clearanceTone(clearance: ClearanceView): 'go' | 'conditions' | 'ask' | 'stop' {
	if (clearance.is_blocked) return 'stop';
	if (clearance.unmet.length > 0) return 'ask';
	return clearance.conditions.length > 0 ? 'conditions' : 'go';
}
