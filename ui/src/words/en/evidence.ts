/** What is kept of a visit. */
export const evidenceWords = {
	'evidence.deleted': 'Deleted when its time was over.',
	'evidence.title': 'Photos and signatures',
	'evidence.photo': 'Photo',
	'evidence.signature': 'Signature',
	'evidence.recording': 'Recording',
	'evidence.not_here_yet': 'Still on the device: it comes with its next sync.',

	'photo.title': 'Take a photo of papers',
	'photo.hint':
		'Only of papers or outside, never inside a home. Place and time are removed from the file.',
	'photo.consent': 'They agreed to it before it was taken.',
	'photo.file': 'Photo',
	'photo.keep': 'Keep the photo',
	'photo.kept': 'The photo is kept, encrypted',

	'consent.spoken': 'Said yes',
	'consent.signed': 'Signed here',
	'consent.paper': 'Signed on paper',

	'sign.label': 'Their signature',
	'sign.first': 'They have not signed yet.',
	'sign.hint': 'Let them read the plan first.',
	'sign.paper': 'Take a photo of the page that they signed, on the screen of the visit.',
	'sign.clear': 'Clear',

	'recording.title': 'Record the conversation',
	'recording.required':
		'The rules here ask for a recording. Say so and why. If they do not agree, end the visit politely.',
	'recording.allowed': 'Say that you would like to record, what for, and how they get a copy.',
	'recording.consent': 'They agreed before it began',
	'recording.start': 'Start recording',
	'recording.stop': 'Stop and keep it',
	'recording.runs': 'A recording is running. It ends with the visit.',
	'recording.bar': 'Recording {{time}}',
	'recording.kept': 'The recording is kept, encrypted.'
} as const;
