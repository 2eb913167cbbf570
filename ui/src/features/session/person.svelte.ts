/** Who is signed in to the console. */
import { server } from '../../backend/console';
import type { PersonView } from '../../backend/generated/PersonView';
import { asProblem } from '../../backend/problem';

class SignedIn {
	/** Undefined while unknown, null when nobody is. */
	person = $state<PersonView | null>();
	people = $state<PersonView[]>([]);

	async look() {
		try {
			await this.#welcome(await server.whoAmI());
		} catch {
			this.person = null;
		}
	}

	async signIn(name: string, password: string) {
		await this.#welcome(await server.signIn(name, password));
	}

	async signOut() {
		await server.signOut();
		this.person = null;
	}

	/** A session that ended shows the sign-in again; what was typed elsewhere stays. */
	noticed(thrown: unknown) {
		if (asProblem(thrown).code.startsWith('session.')) this.person = null;
	}

	name(id: string | null): string {
		return this.people.find((person) => person.id === id)?.display_name ?? '';
	}

	async #welcome(person: PersonView) {
		this.person = person;
		const hasTeam = person.role === 'lead' || person.role === 'back_office';
		this.people = hasTeam ? await server.people() : [];
	}
}

export const signedIn = new SignedIn();
