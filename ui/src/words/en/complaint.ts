/** What the debtor objects to. */
export const complaintWords = {
	'complaint.title': 'A complaint',
	'complaint.raise': 'Take a complaint',
	'complaint.hint':
		'It goes straight to the complaint handler. You can’t open it again, and nobody visits until it is answered.',
	'complaint.about': 'What it is about',
	'complaint.about.conduct': 'How we behaved',
	'complaint.about.amount': 'What is owed',
	'complaint.about.not_theirs': 'It is not their debt',
	'complaint.about.privacy': 'Privacy',
	'complaint.about.other': 'Something else',
	'complaint.channel': 'How it came',
	'complaint.channel.at_the_door': 'Said at the door',
	'complaint.channel.on_paper': 'On paper',
	'complaint.channel.phone': 'By phone',
	'complaint.text': 'In their words',
	'complaint.send': 'Hand it on',
	'complaint.taken': 'The complaint is taken',
	'complaint.taken_hint':
		'It is with the complaint handler as soon as this device syncs. Visits stop from now.',
	'complaint.open': 'A complaint of {{date}} is being answered',
	'complaint.answered': 'A complaint of {{date}} was answered',

	'complaints.empty': 'No complaint',
	'complaints.empty_hint':
		'What people complain about appears here, those first that are due first.',
	'complaints.due': 'Answer by {{date}}',
	'complaints.overdue': 'Overdue since {{date}}',
	'complaints.taken_by': 'Taken down by {{name}} on {{date}}',
	'complaints.complexity': 'How complex',
	'complaints.answer': 'The answer',
	'complaints.send_answer': 'Answer and lift the stop',
	'complaints.feedback': 'What people said of visits',
	'complaints.feedback_none': 'Nobody has said anything yet.',

	'complexity.simple': 'Simple',
	'complexity.complex': 'Complex',
	'complexity.special': 'Special, approved'
} as const;
