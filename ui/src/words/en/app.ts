/** The frame around every screen. */
export const appWords = {
	'app.name': 'Doorstep',
	'app.loading': 'One moment …',
	'app.back': 'Back',
	'app.cancel': 'Cancel',
	'app.close': 'Close',
	'app.save': 'Save',
	'app.retry': 'Try again',

	'nav.today': 'Today',
	'nav.cases': 'Cases',
	'nav.sync': 'Sync',
	'nav.more': 'More',
	'nav.label': 'Places',

	'more.title': 'More',
	'more.language': 'Language',
	'more.theme': 'Look',
	'more.who': 'Signed in as',
	'more.lock': 'Lock this device',
	'more.lock_hint': 'Nothing is deleted. Unsent work waits, encrypted.',
	'more.help': 'Help',
	'more.help_text':
		'Everything you save stays on this device until the server has it. Without a network you can go on working. Red always means: do not go, or leave.',

	'theme.light': 'Day',
	'theme.dark': 'Night',
	'theme.outdoor': 'Outdoors',

	'status.all_sent': 'All saved and sent · facts from {{time}}',
	'status.waiting': '{{count}} saved, not sent yet · facts from {{time}}',
	'status.never': 'Not in touch with the server yet',
	'status.running': 'Exchanging …',

	'role.agent': 'Field agent',
	'role.lead': 'Team lead',
	'role.back_office': 'Back office',
	'role.complaint_handler': 'Complaints'
} as const;
