/**
 * A checklist being worked through. Answers count at once on the screen and are sent one after the
 * other, each time all of them: whoever taps faster than the device saves loses nothing.
 */
import { device } from '../../backend/device';
import type { Answer } from '../../backend/generated/Answer';
import type { ChecklistInput } from '../../backend/generated/ChecklistInput';
import type { ChecklistView } from '../../backend/generated/ChecklistView';

export class Answering {
	list = $state<ChecklistView>();
	problem = $state<unknown>();
	#input = $state<ChecklistInput>();
	#sending: Promise<unknown> = Promise.resolve();

	constructor(private readonly caseId: () => string) {
		$effect(() => {
			const id = caseId();
			void this.#then(async () => {
				const list = await device.checklist(id);
				const given = list.questions.filter((question) => question.answer && !question.is_known);
				this.#input = {
					answers: Object.fromEntries(given.map(({ id, answer }) => [id, answer as Answer])),
					intent: {
						planned_minutes: list.planned_minutes,
						headcount: list.headcount
					}
				};
				this.list = list;
			});
		});
	}

	/** The answer as it stands on the screen. */
	answer(id: string): Answer | undefined {
		const known = this.list?.questions.find((question) => question.id === id && question.is_known);
		return known?.answer ?? this.#input?.answers[id];
	}

	give(id: string, answer: Answer) {
		if (!this.#input) return;
		this.#input.answers[id] = answer;
		this.#send();
	}

	intend(change: Partial<ChecklistInput['intent']>) {
		if (!this.#input) return;
		Object.assign(this.#input.intent, change);
		this.#send();
	}

	/** Reads anew what the answers allow, after something else has changed. */
	again() {
		this.#send();
	}

	/** Done when everything that was tapped is kept on the device. */
	kept(): Promise<unknown> {
		return this.#sending;
	}

	#send() {
		const id = this.caseId();
		void this.#then(async () => {
			this.list = await device.answerChecklist(id, $state.snapshot(this.#input) as ChecklistInput);
		});
	}

	#then(work: () => Promise<void>) {
		this.#sending = this.#sending.then(work).then(
			() => (this.problem = undefined),
			(thrown) => (this.problem = thrown)
		);
		return this.#sending;
	}
}
