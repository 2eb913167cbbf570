/** The device behind the window. The only file that knows Tauri. */
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { ArrivalInput } from './generated/ArrivalInput';
import type { RecordingRule } from './generated/RecordingRule';
import type { DoorStepView } from './generated/DoorStepView';
import type { Fix } from './generated/Fix';
import type { LocatedView } from './generated/LocatedView';
import type { AgreementInput } from './generated/AgreementInput';
import type { CaseSummaryView } from './generated/CaseSummaryView';
import type { CaseView } from './generated/CaseView';
import type { ChecklistInput } from './generated/ChecklistInput';
import type { ChecklistView } from './generated/ChecklistView';
import type { Choice } from './generated/Choice';
import type { CommittedView } from './generated/CommittedView';
import type { ConflictView } from './generated/ConflictView';
import type { Complaint } from './generated/Complaint';
import type { FactField } from './generated/FactField';
import type { FlagKind } from './generated/FlagKind';
import type { Feedback } from './generated/Feedback';
import type { LiftQuestionView } from './generated/LiftQuestionView';
import type { Outcome } from './generated/Outcome';
import type { OutcomeForm } from './generated/OutcomeForm';
import type { ProposalsView } from './generated/ProposalsView';
import type { SavedView } from './generated/SavedView';
import type { SessionStateView } from './generated/SessionStateView';
import type { SyncStatusView } from './generated/SyncStatusView';
import type { GiveLift } from './generated/GiveLift';
import type { TeamView } from './generated/TeamView';
import type { TodayView } from './generated/TodayView';
import { asProblem } from './problem';

export type PlanInput = Omit<
	AgreementInput,
	| 'instalment'
	| 'consent'
	| 'method'
	| 'no_new_credit'
	| 'limitation_told'
	| 'other'
	| 'signature'
	| 'replaces'
>;

export interface CopyPages {
	pages: string[];
	square: string | null;
}

async function call<T>(command: string, values?: Record<string, unknown>): Promise<T> {
	try {
		return await invoke<T>(command, values);
	} catch (thrown) {
		throw asProblem(thrown);
	}
}

/**
 * Asks for something to be written. Each wish has a name of its own: where the window delivers it
 * twice, it is done once.
 */
function write<T>(command: string, values: Record<string, unknown>): Promise<T> {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	const wish = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
	return call<T>(command, { wish, ...values });
}

/** Whether this page runs in the window of a device. */
export const isDevice = () => globalThis.window?.__TAURI_INTERNALS__ !== undefined;

/** A recording that runs in this window. */
export interface RunningRecording {
	case: string;
	seconds: number;
}

export const device = {
	sessionState: () => call<SessionStateView>('session_state'),
	enrol: (server: string, code: string, passphrase: string) =>
		write<void>('enrol', { server, code, passphrase }),
	handOver: () => call<number>('hand_over'),
	unlock: (passphrase: string) => call<void>('unlock', { passphrase }),
	setForcedPassphrase: (own: string, forced: string) =>
		call<void>('set_forced_passphrase', { own, forced }),
	lock: () => call<void>('lock'),
	today: () => call<TodayView>('today'),
	cases: (search: string) => call<CaseSummaryView[]>('cases', { search }),
	readCase: (caseId: string) => call<CaseView>('read_case', { case: caseId }),
	inbox: () => call<ConflictView[]>('inbox'),
	checklist: (caseId: string) => call<ChecklistView>('checklist', { case: caseId }),
	answerChecklist: (caseId: string, input: ChecklistInput) =>
		call<ChecklistView>('answer_checklist', { case: caseId, input }),
	askLift: (caseId: string) => call<LiftQuestionView>('ask_lift', { case: caseId }),
	answerLift: (caseId: string, by: string, reason: string, code: string) =>
		call<void>('answer_lift', { case: caseId, by, reason, code }),
	callForHelp: (caseId: string) => call<void>('call_for_help', { case: caseId }),
	saveChecklist: (caseId: string) => write<CommittedView>('save_checklist', { case: caseId }),
	startTravel: (caseId: string) => write<CommittedView>('start_travel', { case: caseId }),
	arrive: (caseId: string, input: ArrivalInput) =>
		write<CommittedView>('arrive', { case: caseId, input }),
	checkIn: (caseId: string) => write<CommittedView>('check_in', { case: caseId }),
	endVisit: (caseId: string, outcome: Outcome) =>
		write<CommittedView>('end_visit', { case: caseId, outcome }),
	outcomeForms: (caseId: string) => call<OutcomeForm[]>('outcome_forms', { case: caseId }),
	raiseComplaint: (caseId: string, complaint: Complaint) =>
		write<CommittedView>('raise_complaint', { case: caseId, complaint }),
	giveFeedback: (caseId: string, feedback: Feedback) =>
		write<CommittedView>('give_feedback', { case: caseId, feedback }),
	addPhoto: (caseId: string, base64: string, hasConsent: boolean) =>
		write<CommittedView>('add_photo', { case: caseId, base64, hasConsent }),
	copyPages: (caseId: string) => call<CopyPages>('copy_pages', { case: caseId }),
	saveCopy: (caseId: string) => call<string>('save_copy', { case: caseId }),
	withdraw: (caseId: string) => write<CommittedView>('withdraw', { case: caseId }),
	formDraft: (form: string, caseId: string) =>
		call<string | null>('form_draft', { form, case: caseId }),
	keepFormDraft: (form: string, caseId: string, doc: string) =>
		call<void>('keep_form_draft', { form, case: caseId, doc }),
	proposePlans: (caseId: string, input: PlanInput) =>
		call<ProposalsView>('propose_plans', { case: caseId, input }),
	agreePlan: (caseId: string, input: AgreementInput) =>
		write<CommittedView>('agree_plan', { case: caseId, input }),
	setFact: (caseId: string, field: FactField, value: string) =>
		write<CommittedView>('set_fact', { case: caseId, field, value }),
	addNote: (caseId: string, text: string) =>
		write<CommittedView>('add_note', { case: caseId, text }),
	decide: (caseId: string, conflict: string, choice: Choice) =>
		write<CommittedView>('decide', { case: caseId, conflict, choice }),
	raiseFlag: (caseId: string, flag: FlagKind, incident: string) =>
		write<CommittedView>('raise_flag', { case: caseId, flag, incident }),
	syncStatus: () => call<SyncStatusView>('sync_status'),
	team: () => call<TeamView>('team'),
	giveLift: (lift: GiveLift) => call<string[]>('give_lift', { lift }),
	timeNow: () => call<string>('time_now'),
	saved: () => call<SavedView[]>('saved'),
	setMetered: (metered: boolean) => call<SyncStatusView>('set_metered', { metered }),
	doorSteps: (caseId: string) => call<DoorStepView[]>('door_steps', { case: caseId }),
	recordingRule: (caseId: string) => call<RecordingRule>('recording_rule', { case: caseId }),
	startRecording: (caseId: string, consent: boolean) =>
		call<void>('start_recording', { case: caseId, consent }),
	stopRecording: () => call<CommittedView | null>('stop_recording'),
	recording: () => call<RunningRecording | null>('recording'),
	askPartner: (caseId: string) => call<string>('ask_partner', { case: caseId }),
	notePartner: (caseId: string, code: string) => call<void>('note_partner', { case: caseId, code }),
	acceptToGoAlong: (question: string) => call<string>('accept_to_go_along', { question }),
	locate: (caseId: string, fixes: Fix[]) => call<LocatedView>('locate', { case: caseId, fixes }),
	syncNow: () => call<SyncStatusView>('sync_now'),
	/** Hears that something changed underneath; returns how to stop. */
	onChange: (changed: () => void) => listen('device-changed', changed)
};
