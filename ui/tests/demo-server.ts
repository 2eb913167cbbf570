/** A demo server of its own for a test file: a fresh folder, a free port, a morning clock. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');

interface Said {
	address: string;
	import: { opened: number };
	people: { id: string; name: string; password: string }[];
}

export class DemoServer {
	private constructor(
		private readonly process: ChildProcess,
		private readonly folder: string,
		readonly said: Said
	) {}

	static async start(): Promise<DemoServer> {
		const folder = mkdtempSync(join(tmpdir(), 'doorstep-console-'));
		const server = spawn(
			join(target, 'debug/doorstep-server'),
			[
				'--data',
				join(folder, 'data'),
				'demo',
				'--listen',
				'127.0.0.1:0',
				'--clock',
				'2026-11-21T10:00:00+08:00'
			],
			{ stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, RUST_LOG: 'warn' } }
		);
		for await (const line of createInterface({ input: server.stdout }))
			return new DemoServer(server, folder, JSON.parse(line));
		throw new Error('the demo server ended before it said anything');
	}

	get page() {
		return `${this.said.address}/console.html`;
	}

	password(name: string): string {
		return this.said.people.find((person) => person.name === name)?.password ?? '';
	}

	stop() {
		this.process.kill();
		rmSync(this.folder, { recursive: true, force: true });
	}
}
