/** The plan as typed, and as the device takes it. */
import type { PlanInput } from '../../backend/device';
import type { Budget } from '../../backend/generated/Budget';
import type { BudgetLine } from '../../backend/generated/BudgetLine';
import type { Currency } from '../../backend/generated/Currency';
import type { Frequency } from '../../backend/generated/Frequency';
import type { PaymentMethod } from '../../backend/generated/PaymentMethod';
import { readAmount } from '../../shared/format';

/** How much is asked: three sums, or the Standard Financial Statement line by line. */
export type Detail = 'quick' | 'full';

interface Lines {
	income: BudgetLine[];
	outgoings: BudgetLine[];
}

export const linesOf: Record<Detail, Lines> = {
	quick: {
		income: ['all_income'],
		outgoings: ['all_fixed_costs', 'all_flexible_costs', 'priority_debts', 'other_debts', 'savings']
	},
	full: {
		income: ['wages', 'partners_wages', 'benefits', 'pension', 'other_income'],
		outgoings: [
			'housing',
			'utilities',
			'food_and_housekeeping',
			'travel',
			'care_and_health',
			'school',
			'insurance_and_pension',
			'professional',
			'other_essential',
			'phone_and_leisure',
			'personal',
			'priority_debts',
			'other_debts',
			'savings'
		]
	}
};

export interface PlanForm {
	detail: Detail;
	typed: Partial<Record<BudgetLine, string>>;
	adults: string;
	children: string;
	others: string;
	frequency: Frequency;
	first_due: string;
	discount: string;
	frozen_until: string;
	holiday_from: string;
	holiday_to: string;
	method: PaymentMethod;
	no_new_credit: boolean;
	limitation_told: boolean;
	other: string;
}

export const emptyPlan = (): PlanForm => ({
	detail: 'full',
	typed: {},
	adults: '',
	children: '',
	others: '',
	frequency: 'monthly',
	first_due: '',
	discount: '',
	frozen_until: '',
	holiday_from: '',
	holiday_to: '',
	method: 'bank_transfer',
	no_new_credit: false,
	limitation_told: false,
	other: ''
});

/** A small whole number; 0 where nothing or nonsense is typed. */
const count = (typed: string) => Math.min(99, Math.max(0, Math.trunc(Number(typed) || 0)));

/** The budget in minor units; undefined while a line is not an amount. */
export function readBudget(form: PlanForm, currency: Currency): Budget | undefined {
	const monthly_minor: Budget['monthly_minor'] = {};
	const { income, outgoings } = linesOf[form.detail];
	for (const line of [...income, ...outgoings]) {
		const amount = readAmount(form.typed[line] ?? '', currency);
		if (amount === undefined) return undefined;
		if (amount > 0) monthly_minor[line] = amount;
	}
	const others = readAmount(form.others, currency);
	if (others === undefined) return undefined;
	const [adults, children] = [count(form.adults), count(form.children)];
	return {
		currency,
		monthly_minor,
		...(adults + children > 0 ? { household: { adults, children } } : {}),
		...(others > 0 ? { other_debts_minor: [others] } : {})
	};
}

/** What a plan is made from; undefined while something typed can't be read. */
export function readPlan(
	form: PlanForm,
	currency: Currency,
	firstDue: string
): PlanInput | undefined {
	const budget = readBudget(form, currency);
	const discount = Number(form.discount || '0');
	if (!budget || !Number.isInteger(discount) || discount < 0 || discount > 99) return undefined;
	const { holiday_from: from, holiday_to: to } = form;
	return {
		budget,
		frequency: form.frequency,
		first_due: firstDue,
		discount_percent: discount,
		...(form.frozen_until ? { frozen_until: form.frozen_until } : {}),
		...(from && to ? { holiday: { from, to } } : {})
	};
}
