/** The outcome as it is filled in. What may be chosen comes from the device: it knows the packs. */
import type { ArrearsCause } from '../../backend/generated/ArrearsCause';
import type { Conduct } from '../../backend/generated/Conduct';
import type { LeftBehind } from '../../backend/generated/LeftBehind';
import type { NextStep } from '../../backend/generated/NextStep';
import type { OutcomeKind } from '../../backend/generated/OutcomeKind';

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
	left_behind: LeftBehind | null;
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
	note: '',
	left_behind: null
});
