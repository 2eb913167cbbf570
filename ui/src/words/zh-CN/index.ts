import type { Key } from '../index.svelte';
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

/** 界面上的每一句话，中文版。对客户称“您”，对外访员称“你”。 */
export const zhCN: Record<Key, string> = {
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
};
