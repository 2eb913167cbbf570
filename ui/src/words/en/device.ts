/** Setting a device up, opening it, and its sync. */
export const deviceWords = {
	'enrol.title': 'Set up this device',
	'enrol.lead': 'Your team lead gives you the address and a one-time code.',
	'enrol.server': 'Address of the server',
	'enrol.code': 'One-time code',
	'enrol.passphrase': 'A passphrase for this device',
	'enrol.passphrase_hint':
		'At least 8 characters. It encrypts everything on this device, and nobody can recover it.',
	'enrol.repeat': 'The passphrase once more',
	'enrol.repeat_differs': 'The two are not the same.',
	'enrol.go': 'Set up',
	'enrol.running': 'Setting up …',

	'unlock.title': 'Unlock',
	'unlock.passphrase': 'Passphrase',
	'unlock.go': 'Unlock',
	'unlock.running': 'Unlocking …',
	'unlock.safe': 'What you saved is still here, encrypted.',
	'unlock.other': 'Passphrase forgotten, or somebody else?',
	'unlock.hand_over_how':
		'What was saved here can be handed in without the passphrase. Only the office can read it; nothing here is deleted.',
	'unlock.hand_over': 'Hand in what is saved',
	'unlock.handing_over': 'Handing in …',
	'unlock.handed_over': 'Handed in: {{count}}',
	'unlock.no_connection': 'No connection. Nothing is lost: try again where there is a network.',
	'unlock.nothing_left': 'The office has everything that was recorded here.',
	'unlock.newcomer_how':
		'Somebody else sets themselves up with a code and a passphrase of their own. Neither sees what is the other’s.',
	'unlock.newcomer': 'Set up for another person',

	'forced.title': 'If you are forced to unlock',
	'forced.how':
		'A second passphrase opens this device as always, shows nothing, and calls for help.',
	'forced.own': 'Your passphrase',
	'forced.set': 'Set it',
	'forced.set_done': 'It is set',
	'forced.other': 'The one to give under force',

	'sync.title': 'Sync',
	'sync.now': 'Sync now',
	'sync.server': 'Server',
	'sync.heard': 'Last in touch',
	'sync.waiting': 'Saved, not sent yet',
	'sync.held': 'Waiting for a decision',
	'sync.refused': 'Not accepted',
	'sync.saved': 'What you saved',
	'sync.saved_empty': 'Nothing yet',
	'sync.saved_empty_hint': 'Everything you record appears here, with what became of it.',
	'sync.inbox': 'Needs a decision',
	'sync.inbox_settled': 'Decided',
	'sync.inbox_empty': 'Nothing to decide',
	'sync.inbox_hint': 'When somebody else changed the same thing, both sides appear here.',
	'sync.metered': 'This network costs money',
	'sync.metered_hint':
		'What you recorded is sent; the rest comes when you sync, or when you turn this off.',

	'devices.title': 'Devices',
	'devices.none': 'No device yet',
	'devices.none_hint': 'Make a code for an agent, and enter it on their device.',
	'devices.state.active': 'In use',
	'devices.state.retired': 'Retired',
	'devices.state.lost': 'Lost',
	'devices.make.active': 'Back in use',
	'devices.make.retired': 'Retire',
	'devices.make.lost': 'Report lost',
	'devices.sure.active': 'Give {{name}}’s device back to work?',
	'devices.sure.retired': 'Retire {{name}}’s device?',
	'devices.sure.lost': 'Report {{name}}’s device lost?',
	'devices.what.active': 'It syncs again. What waits for a decision keeps waiting.',
	'devices.what.retired': 'It hands in what it has, and destroys its key.',
	'devices.what.lost':
		'It destroys its key when it next meets the server, but never during a visit. What arrives from it from now on waits for you.',
	'devices.no': 'Change nothing',
	'devices.seen': 'Last met {{time}} · holds {{count}} cases',
	'devices.aside':
		'{{count}} records were put aside: this device is a copy, or was set back. Ask its person what they did.',
	'devices.newer':
		'{{count}} cases are newer there than here, since the server was restored. Look at them together.',

	'team.code': 'Code for a new device',
	'team.code_once': 'Shown once. Valid until {{time}}.'
} as const;
