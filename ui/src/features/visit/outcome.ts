/** Which parts of the outcome form belong to what happened. */
import type { ArrearsCause } from '../../backend/generated/ArrearsCause';
import type { Conduct } from '../../backend/generated/Conduct';
import type { NextStep } from '../../backend/generated/NextStep';
import type { OutcomeKind } from '../../backend/generated/OutcomeKind';

export const kinds: OutcomeKind[] = [
	'met',
	'not_met',
	'wrong_address',
	'refused_to_talk',
	'asked_to_leave',
	'vulnerability_shown',
	'dispute'
];

export const causes: ArrearsCause[] = [
	'lost_work',
	'less_income',
	'illness',
	'bereavement',
	'separation',
	'too_many_debts',
	'misunderstanding',
	'prefer_not_to_say'
];

export interface OutcomeForm {
	kind: OutcomeKind | undefined;
	cause: ArrearsCause | null;
	next_step: NextStep | null;
	conduct: Conduct;
	note: string;
}

export const emptyOutcome = (): OutcomeForm => ({
	kind: undefined,
	cause: null,
	next_step: null,
	conduct: {
		identity_confirmed_first: false,
		credentials_shown: false,
		right_to_refuse_said: false
	},
	note: ''
});

const spoke: OutcomeKind[] = ['met', 'vulnerability_shown', 'dispute'];

/** Somebody who was not met has no cause to give and heard nothing to attest. */
export const asks = (kind: OutcomeKind) => ({
	cause: spoke.includes(kind),
	conduct: spoke.includes(kind) || kind === 'refused_to_talk' || kind === 'asked_to_leave'
});

/** What may follow: nobody goes back to a person who showed vulnerability or disputes. */
export function nextSteps(kind: OutcomeKind): NextStep[] {
	switch (kind) {
		case 'met':
			return [
				'plan_agreed',
				'free_debt_advice',
				'nothing_affordable_now',
				'visit_again',
				'specialist_team'
			];
		case 'not_met':
			return ['visit_again', 'check_address'];
		case 'wrong_address':
			return ['check_address'];
		case 'vulnerability_shown':
			return ['specialist_team', 'free_debt_advice'];
		case 'dispute':
			return ['specialist_team', 'no_further_contact'];
		default:
			return ['no_further_contact', 'specialist_team'];
	}
}
