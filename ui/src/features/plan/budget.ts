/** The budget as typed, and as the device takes it. */
import type { Budget } from '../../backend/generated/Budget';
import type { BudgetLine } from '../../backend/generated/BudgetLine';
import type { Currency } from '../../backend/generated/Currency';
import type { Frequency } from '../../backend/generated/Frequency';
import { readAmount } from '../../shared/format';

export const incomeLines: BudgetLine[] = ['wages', 'benefits', 'pension', 'other_income'];
export const outgoingLines: BudgetLine[] = [
	'housing',
	'utilities',
	'food_and_housekeeping',
	'travel',
	'care_and_health',
	'school',
	'insurance_and_pension',
	'phone_and_leisure',
	'personal',
	'other_debts',
	'savings'
];

export interface PlanForm {
	typed: Partial<Record<BudgetLine, string>>;
	frequency: Frequency;
	first_due: string;
}

export const emptyPlan = (): PlanForm => ({ typed: {}, frequency: 'monthly', first_due: '' });

/** The budget in minor units; undefined while a line is not an amount. */
export function readBudget(form: PlanForm, currency: Currency): Budget | undefined {
	const monthly_minor: Budget['monthly_minor'] = {};
	for (const line of [...incomeLines, ...outgoingLines]) {
		const amount = readAmount(form.typed[line] ?? '', currency);
		if (amount === undefined) return undefined;
		if (amount > 0) monthly_minor[line] = amount;
	}
	return { currency, monthly_minor };
}
