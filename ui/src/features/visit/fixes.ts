/** Where the device believes to be: two fixes of its sensor, and then it looks no further. */
import type { Fix } from '../../backend/generated/Fix';

const WANTED = 2;
const PATIENCE_MS = 12_000;
const MICRO = 1_000_000;

function fixOf({ coords }: GeolocationPosition): Fix {
	return {
		position: {
			latitude_microdegrees: Math.round(coords.latitude * MICRO),
			longitude_microdegrees: Math.round(coords.longitude * MICRO)
		},
		accuracy_m: Number.isFinite(coords.accuracy) ? Math.ceil(coords.accuracy) : null
	};
}

/** The fixes that were had: none where there is no sensor, it is switched off, or nobody allows it. */
export function takeFixes(signal: AbortSignal): Promise<Fix[]> {
	const sensor = globalThis.navigator?.geolocation;
	return new Promise((resolve) => {
		const fixes: Fix[] = [];
		const looking: { watch?: number } = {};
		const done = () => {
			if (looking.watch !== undefined) sensor.clearWatch(looking.watch);
			clearTimeout(timer);
			resolve(fixes);
		};
		const timer = setTimeout(done, PATIENCE_MS);
		signal.addEventListener('abort', done, { once: true });
		if (!sensor) return done();
		looking.watch = sensor.watchPosition(
			(position) => {
				fixes.push(fixOf(position));
				if (fixes.length >= WANTED) done();
			},
			done,
			// An old fix from memory says where somebody was.
			{ enableHighAccuracy: true, maximumAge: 0, timeout: PATIENCE_MS }
		);
	});
}
