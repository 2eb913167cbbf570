import type { ClearanceView } from '../../backend/generated/ClearanceView';

/** What forbids the visit whatever is answered, and whoever is asked. */
export function firmReasons(clearance: ClearanceView): ClearanceView['reasons'] {
	return clearance.reasons.filter(
		(reason) =>
			reason.effect === 'block' &&
			(reason.because === 'case' || reason.because === 'policy') &&
			!reason.may_lift
	);
}

/** What a clearance comes down to. */
export function clearanceTone(clearance: ClearanceView): 'go' | 'conditions' | 'ask' | 'stop' {
	if (clearance.is_blocked) return 'stop';
	if (clearance.unmet.length > 0) return 'ask';
	return clearance.conditions.length > 0 ? 'conditions' : 'go';
}
