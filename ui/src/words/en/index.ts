import { alarmWords } from './alarm';
import { appWords } from './app';
import { caseWords } from './case';
import { clearanceWords } from './clearance';
import { complaintWords } from './complaint';
import { consoleWords } from './console';
import { deviceWords } from './device';
import { evidenceWords } from './evidence';
import { planWords } from './plan';
import { problemWords } from './problem';
import { routeWords } from './route';
import { ruleWords } from './rule';
import { visitWords } from './visit';

/** Every sentence a person reads, in English. Keys are flat; a code of a rule is part of its key. */
export const en = {
	...appWords,
	...deviceWords,
	...routeWords,
	...caseWords,
	...clearanceWords,
	...visitWords,
	...evidenceWords,
	...alarmWords,
	...planWords,
	...complaintWords,
	...consoleWords,
	...problemWords,
	...ruleWords
} as const;
