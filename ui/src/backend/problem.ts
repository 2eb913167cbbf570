/** Something that could not be done, with the code that a screen decides by. */
export class Problem extends Error {
	constructor(
		readonly code: string,
		message = code
	) {
		super(message);
	}
}

/** Whatever was thrown, as a problem. */
export function asProblem(thrown: unknown): Problem {
	if (thrown instanceof Problem) return thrown;
	if (thrown && typeof thrown === 'object' && 'code' in thrown)
		return new Problem(String(thrown.code));
	return new Problem('other');
}
