/** A day's route and what waits. */
export const routeWords = {
	'today.title': 'Today',
	'today.next': 'Next stop',
	'today.rest': 'After that',
	'today.none_left': 'None that you may go to is left',
	'today.empty': 'No stops for today',
	'today.empty_hint': 'When your lead plans a route, it appears here after the next sync.',
	'today.first_sync': 'Getting your cases',
	'today.first_sync_hint': 'Work starts when all of them are here. {{count}} so far.',
	'today.under_way': 'Visit going on: {{name}}',
	'today.to_visit': 'Go to the visit',

	'route.agent': 'Agent',
	'route.day': 'Day',
	'route.empty': 'No stops on this day',
	'route.empty_hint': 'Find cases on the left and add them.',
	'route.find': 'Find cases',
	'route.up': 'Up',
	'route.down': 'Down',
	'route.remove': 'Take off',
	'route.save': 'Save the route',
	'route.saved': 'Saved. The agent’s device gets it with its next sync.',
	'route.unsaved': 'Not saved yet',

	'along.title': 'Go along with a colleague',
	'along.how':
		'Type what your colleague reads out. The code says that you go along; you are named on the visit.',
	'along.question': 'Six letters and digits',
	'along.accept': 'I go along',
	'along.code': 'Read this back',

	'inbox.conflicts': 'To be decided',
	'inbox.flags': 'Flags to look at',
	'inbox.refused': 'Not accepted',
	'inbox.empty': 'Nothing waits for you',
	'inbox.empty_hint': 'Conflicts, held plans and refused items appear here with both sides.'
} as const;
