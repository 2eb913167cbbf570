/** Fetches now and again, for as long as the page is open. */
export function everySoOften(fetching: () => void, milliseconds = 2000) {
	$effect(() => {
		fetching();
		const timer = setInterval(fetching, milliseconds);
		return () => clearInterval(timer);
	});
}
