/** The server behind the console. The only file that fetches. */
import type { ActivityView } from './generated/ActivityView';
import type { AlarmView } from './generated/AlarmView';
import type { Citation } from './generated/Citation';
import type { LiftView } from './generated/LiftView';
import type { BulkStopView } from './generated/BulkStopView';
import type { StopKind } from './generated/StopKind';
import type { CasesView } from './generated/CasesView';
import type { CaseView } from './generated/CaseView';
import type { CheckView } from './generated/CheckView';
import type { Choice } from './generated/Choice';
import type { Complaint } from './generated/Complaint';
import type { ComplaintsView } from './generated/ComplaintsView';
import type { Complexity } from './generated/Complexity';
import type { EnrolCodeView } from './generated/EnrolCodeView';
import type { FactField } from './generated/FactField';
import type { FlagKind } from './generated/FlagKind';
import type { ImportReport } from './generated/ImportReport';
import type { InboxView } from './generated/InboxView';
import type { Money } from './generated/Money';
import type { DeviceView } from './generated/DeviceView';
import type { DutyPlace } from './generated/DutyPlace';
import type { DutyView } from './generated/DutyView';
import type { KnownView } from './generated/KnownView';
import type { PoliciesView } from './generated/PoliciesView';
import type { PaymentsView } from './generated/PaymentsView';
import type { PersonView } from './generated/PersonView';
import type { Revision } from './generated/Revision';
import type { RouteView } from './generated/RouteView';
import type { RulingView } from './generated/RulingView';
import { Problem } from './problem';

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
	const init: RequestInit = { method };
	if (body instanceof FormData || body instanceof Blob) init.body = body;
	else if (body !== undefined) {
		init.body = JSON.stringify(body);
		init.headers = { 'content-type': 'application/json' };
	}
	let answer: Response;
	try {
		answer = await fetch(path, init);
	} catch {
		throw new Problem('sync.no_connection');
	}
	if (answer.ok) return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
	const said = await answer.json().catch(() => ({ code: 'other', message: '' }));
	throw new Problem(said.code, said.message);
}

export interface CaseSearch {
	search: string;
	unassigned: boolean;
	offset: number;
	limit: number;
}

export const server = {
	whoAmI: () => ask<PersonView>('GET', '/v1/session'),
	signIn: (name: string, password: string) =>
		ask<PersonView>('POST', '/v1/session', { name, password }),
	signOut: () => ask<void>('DELETE', '/v1/session'),
	people: () => ask<PersonView[]>('GET', '/v1/people'),
	enrolCode: (person: string) => ask<EnrolCodeView>('POST', `/v1/people/${person}/enrol-code`),
	cases: (query: CaseSearch) => ask<CasesView>('POST', '/v1/cases/search', query),
	readCase: (id: string) => ask<CaseView>('GET', `/v1/cases/${id}`),
	setFact: (id: string, field: FactField, old: string | null, value: string, seen: Revision) =>
		ask<RulingView>('POST', `/v1/cases/${id}/facts`, { field, old, value, seen }),
	addNote: (id: string, text: string) => ask<RulingView>('POST', `/v1/cases/${id}/notes`, { text }),
	postPayment: (id: string, amount: Money, on: string) =>
		ask<RulingView>('POST', `/v1/cases/${id}/payments`, { amount, on }),
	/** A step in the life of a plan: `void`, `break`, `counter`, `accept`, `told`. */
	livePlan: (id: string, plan: string, what: string, said: Record<string, unknown>) =>
		ask<RulingView>('POST', `/v1/cases/${id}/plans/${plan}/${what}`, said),
	postPayments: (file: File) => ask<PaymentsView>('POST', '/v1/payments', file),
	raiseComplaint: (id: string, complaint: Complaint) =>
		ask<RulingView>('POST', `/v1/cases/${id}/complaints`, complaint),
	complaints: () => ask<ComplaintsView>('GET', '/v1/complaints'),
	gradeComplaint: (id: string, complaint: string, complexity: Complexity) =>
		ask<RulingView>('POST', `/v1/cases/${id}/complaints/${complaint}/grade`, { complexity }),
	answerComplaint: (id: string, complaint: string, text: string) =>
		ask<RulingView>('POST', `/v1/cases/${id}/complaints/${complaint}/answer`, { text }),
	evidence: (id: string, sha256: string) => `/v1/cases/${id}/evidence/${sha256}`,
	check: (code: string) => ask<CheckView>('POST', '/v1/check', { code }),
	route: (agent: string, day: string) => ask<RouteView>('GET', `/v1/routes/${agent}/${day}`),
	setRoute: (agent: string, day: string, cases: string[]) =>
		ask<RouteView>('PUT', `/v1/routes/${agent}/${day}`, { cases }),
	alarms: () => ask<AlarmView[]>('GET', '/v1/alarms'),
	acknowledgeAlarm: (id: string, note: string) =>
		ask<void>('POST', `/v1/alarms/${id}/acknowledge`, { note }),
	closeAlarm: (id: string, note: string) => ask<void>('POST', `/v1/alarms/${id}/close`, { note }),
	raiseFlag: (id: string, flag: FlagKind, incident: string, review_on: string) =>
		ask<RulingView>('POST', `/v1/cases/${id}/flags`, { flag, incident, review_on }),
	reviewFlag: (id: string, raise: string, review_on: string) =>
		ask<RulingView>('POST', `/v1/cases/${id}/flags/${raise}/review`, { review_on }),
	clearFlag: (id: string, raise: string, reason: string) =>
		ask<RulingView>('POST', `/v1/cases/${id}/flags/${raise}/clear`, { reason }),
	raiseStop: (id: string, stop: StopKind, effective: string, until: string | null) =>
		ask<RulingView>('POST', `/v1/cases/${id}/stops`, { stop, effective, until }),
	liftStop: (id: string, raise: string, reason: string) =>
		ask<RulingView>('POST', `/v1/cases/${id}/stops/${raise}/lift`, { reason }),
	stopRegister: (references: string[], stop: StopKind, effective: string, until: string | null) =>
		ask<BulkStopView>('POST', '/v1/stops', { references, stop, effective, until }),
	standDown: (latitude: number, longitude: number, radius_m: number, until: string) =>
		ask<BulkStopView>('POST', '/v1/stand-downs', { latitude, longitude, radius_m, until }),
	devices: () => ask<DeviceView[]>('GET', '/v1/devices'),
	setDeviceState: (id: string, state: 'active' | 'retired' | 'lost') =>
		ask<void>('PUT', `/v1/devices/${id}/state`, state),
	duties: () => ask<DutyView[]>('GET', '/v1/duties'),
	addDuty: (duty: {
		place: DutyPlace;
		person: string;
		from: string;
		until: string;
		phone: string;
	}) => ask<void>('POST', '/v1/duties', duty),
	handOverDuty: (n: number, person: string, phone: string) =>
		ask<void>('POST', `/v1/duties/${n}/hand-over`, { person, phone }),
	endDuty: (n: number) => ask<void>('DELETE', `/v1/duties/${n}`),
	known: (caseId: string, visit: string) =>
		ask<KnownView>('GET', `/v1/cases/${caseId}/visits/${visit}/known`),
	policies: () => ask<PoliciesView>('GET', '/v1/policies'),
	liftable: () => ask<Citation[]>('GET', '/v1/lifts'),
	lift: (caseId: string, agent: string, question: string, rules: string[], reason: string) =>
		ask<LiftView>('POST', `/v1/cases/${caseId}/lifts`, { agent, question, rules, reason }),
	activity: () => ask<ActivityView[]>('GET', '/v1/activity'),
	inbox: () => ask<InboxView>('GET', '/v1/inbox'),
	decide: (caseId: string, conflict: string, choice: Choice, seen: Revision) =>
		ask<RulingView>('POST', `/v1/cases/${caseId}/conflicts/${conflict}/decision`, { choice, seen }),
	importAccounts: (file: File, mapping: File, dryRun: boolean, goodRows: boolean) => {
		const form = new FormData();
		form.set('file', file);
		form.set('mapping', mapping);
		form.set('dry_run', String(dryRun));
		form.set('accept_good_rows', String(goodRows));
		return ask<ImportReport>('POST', '/v1/imports', form);
	}
};
