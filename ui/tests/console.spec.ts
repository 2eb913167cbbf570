import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { fileURLToPath } from 'node:url';
import { DemoServer } from './demo-server';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
let server: DemoServer;

test.beforeAll(async () => {
	server = await DemoServer.start();
});
test.afterAll(() => server.stop());

const act = (page: Page, name: string) => page.locator(`[data-act='${name}']`);

async function signIn(page: Page, name: string) {
	await page.goto(server.page);
	await page.getByLabel('Name').fill(name);
	await page.getByLabel('Password').fill(server.password(name));
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(act(page, 'found')).toBeVisible();
}

async function expectAccessible(page: Page) {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map((violation) => `${violation.id}: ${violation.nodes[0]?.html}`)).toEqual([]);
}

test('a wrong password says so, keeps the name, and shows nothing', async ({ page }) => {
	await page.goto(server.page);
	await page.getByLabel('Name').fill('lead');
	await page.getByLabel('Password').fill('guess');
	await page.keyboard.press('Enter');
	await expect(page.locator("[data-code='auth.wrong_password']")).toBeVisible();
	await expect(page.getByLabel('Name')).toHaveValue('lead');
	await expectAccessible(page);
});

test('cases are found by words, without names in the address', async ({ page }) => {
	const addresses: string[] = [];
	page.on('request', (request) => addresses.push(request.url()));
	await signIn(page, 'lead');
	await expect(act(page, 'found')).toHaveAttribute('data-total', String(server.said.import.opened));
	const name = (await page.locator('tbody tr a').first().innerText()).split(' ')[0] ?? '';
	await act(page, 'search').fill(name);
	await expect(act(page, 'found')).not.toHaveAttribute(
		'data-total',
		String(server.said.import.opened)
	);
	await expect(page.locator('tbody tr').first()).toContainText(name);
	expect(addresses.filter((address) => decodeURIComponent(address).includes(name))).toEqual([]);
	await act(page, 'search').fill('nobody is called this');
	await expect(act(page, 'found')).toHaveAttribute('data-total', '0');
	await act(page, 'search').fill('');
	await expectAccessible(page);
});

test('the rules in force are listed with their sources, and found by a word', async ({ page }) => {
	await signIn(page, 'lead');
	await act(page, 'nav-rules').click();
	await expect(act(page, 'pack-cn')).toBeVisible();
	await expect(act(page, 'pack-house')).toContainText('Comes with the software');
	await act(page, 'rules-search').fill('HOUSE-STOP-1');
	await expect(act(page, 'pack-house')).toContainText('Nobody goes to this door');
	await expect(act(page, 'pack-cn')).toHaveCount(0);
	await expectAccessible(page);
});

test('each case says whether it may be visited, and why not', async ({ page }) => {
	await signIn(page, 'lead');
	const said = page.locator("[data-act='may-visit']");
	await expect(said.first()).toBeVisible();
	expect(await said.count()).toBe(await page.locator('tbody tr').count());
});

test('a route is set by hand, saved, and still there after a reload', async ({ page }) => {
	await signIn(page, 'lead');
	await act(page, 'nav-route').click();
	const stops = page.locator('[data-stop]');
	await expect(stops).toHaveCount(8);
	const second = await stops.nth(1).getAttribute('data-stop');
	await act(page, `up-${second}`).click();
	await expect(stops.first()).toHaveAttribute('data-stop', second ?? '');
	await act(page, 'save-route').click();
	await expect(act(page, 'route-saved')).toBeVisible();
	await page.reload();
	await expect(stops.first()).toHaveAttribute('data-stop', second ?? '');
	await expectAccessible(page);
});

test('a case is opened and corrected; the lead can not post a payment, the back office can', async ({
	page
}) => {
	await signIn(page, 'lead');
	await page.locator('tbody tr a').first().click();
	await act(page, 'edit-email').click();
	await act(page, 'fact').fill('someone@sample.example');
	await act(page, 'save-fact').click();
	await expect(act(page, 'value-email')).toHaveText('someone@sample.example');
	await expect(act(page, 'post-payment')).toHaveCount(0);
	await expectAccessible(page);
	await act(page, 'sign-out').click();
	await signIn(page, 'office');
	await page.locator('tbody tr a').first().click();
	const total = act(page, 'total');
	const before = Number(await total.getAttribute('data-minor'));
	await act(page, 'payment-amount').fill('12.345');
	await expect(act(page, 'post-payment')).toBeDisabled();
	await act(page, 'payment-amount').fill('12.34');
	await act(page, 'post-payment').click();
	await expect(total).toHaveAttribute('data-minor', String(before - 1234));
});

test('an import is checked first, then done; the same again changes nothing', async ({ page }) => {
	await signIn(page, 'office');
	await act(page, 'nav-import').click();
	await act(page, 'import-file').setInputFiles(`${examples}/accounts-sample.csv`);
	await act(page, 'import-mapping').setInputFiles(`${examples}/credit-accounts.mapping.toml`);
	await act(page, 'import-check').click();
	await expect(act(page, 'import-result')).toContainText('nothing written');
	await act(page, 'import-run').click();
	await expect(act(page, 'import-result')).toContainText('Imported');
	await expect(act(page, 'import-result')).toContainText(String(server.said.import.opened));
	await expectAccessible(page);
});

test('wrong rows are listed and nothing is imported', async ({ page }) => {
	await signIn(page, 'office');
	await act(page, 'nav-import').click();
	await act(page, 'import-file').setInputFiles({
		name: 'wrong.csv',
		mimeType: 'text/csv',
		buffer: Buffer.from('ID,SURPRISE\n1,2\n')
	});
	await act(page, 'import-mapping').setInputFiles(`${examples}/credit-accounts.mapping.toml`);
	await act(page, 'import-run').click();
	await expect(act(page, 'import-result')).toContainText('Nothing was imported');
	await expect(page.locator("[data-code='column.unknown']")).toContainText('SURPRISE');
});

test('a code for a device is made for an agent and shown once', async ({ page }) => {
	await signIn(page, 'lead');
	await act(page, 'nav-team').click();
	await act(page, 'make-code-agent').click();
	await expect(act(page, 'code-agent')).toHaveText(/^[2-9A-Z]{5}-[2-9A-Z]{5}$/);
	await expectAccessible(page);
});

test('a flag is approved by somebody else, and raised, cleared and stopped by a lead', async ({
	page
}) => {
	await signIn(page, 'office');
	await act(page, 'nav-inbox').click();
	await expectAccessible(page);
	await act(page, 'flags').locator('a').first().click();
	const flag = act(page, 'flag-threat_or_aggression');
	await flag.locator("[data-act='flag-hold']").click();
	await flag.locator("[data-act='flag-until']").fill('2027-02-19');
	await flag.locator("[data-act='flag-do']").click();
	await expect(flag).toContainText('approved by Olga Office');
	await act(page, 'sign-out').click();
	await signIn(page, 'lead');
	await page.locator('tbody tr a').nth(7).click();
	await act(page, 'to-flag').click();
	await expect(act(page, 'raise-flag')).toBeDisabled();
	await act(page, 'flag-kind-dangerous_animal').click();
	await act(page, 'flag-incident').fill('A loose dog in the yard (demo).');
	await act(page, 'raise-flag').click();
	const dog = act(page, 'flag-dangerous_animal');
	await expect(dog).toContainText('not approved by anybody yet');
	await expect(dog.locator("[data-act='flag-hold']")).toHaveCount(0);
	await expectAccessible(page);
	await dog.locator("[data-act='flag-end']").click();
	await dog.locator("[data-act='flag-reason']").fill('The dog moved away.');
	await dog.locator("[data-act='flag-do']").click();
	await expect(dog).toHaveCount(0);
	await act(page, 'to-stop').click();
	await act(page, 'one-stop-kind-attorney').click();
	await act(page, 'raise-stop').click();
	const attorney = act(page, 'stop-attorney');
	await attorney.locator("[data-act='stop-end']").click();
	await attorney.locator("[data-act='stop-reason']").fill('The mandate ended.');
	await attorney.locator("[data-act='stop-do']").click();
	await expect(attorney).toHaveCount(0);
});

test('an empty inbox says what will be here, in both languages', async ({ page }) => {
	await signIn(page, 'lead');
	await act(page, 'nav-inbox').click();
	await expect(page.getByText('Nothing waits for you')).toBeVisible();
	await act(page, 'nav-team').click();
	await act(page, 'language-zh-CN').click();
	await act(page, 'nav-inbox').click();
	await expect(page.getByText('没有待办事项')).toBeVisible();
	await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
});

for (const theme of ['light', 'dark', 'outdoor'])
	test(`the ${theme} look has enough contrast`, async ({ page }) => {
		await signIn(page, 'lead');
		await act(page, 'nav-team').click();
		await act(page, `theme-${theme}`).click();
		await act(page, 'nav-cases').click();
		await expect(page.locator('tbody tr').first()).toBeVisible();
		await expectAccessible(page);
	});

test('the pages of alarms, stops and payments are accessible, in both languages', async ({
	page
}) => {
	await signIn(page, 'office');
	for (const language of ['en', 'zh-CN']) {
		await act(page, 'nav-team').click();
		await act(page, `language-${language}`).click();
		for (const place of ['alarms', 'stops', 'payments']) {
			await act(page, `nav-${place}`).click();
			await expect(page.locator('h1')).toBeVisible();
			await expectAccessible(page);
		}
	}
});

test('a file of payments says line by line what nobody took', async ({ page }) => {
	await signIn(page, 'office');
	await act(page, 'nav-payments').click();
	const file = 'payment,reference,amount,date\nB-1,nobody,10.00,2026-11-20\n';
	await act(page, 'payments-file').setInputFiles({
		name: 'payments.csv',
		mimeType: 'text/csv',
		buffer: Buffer.from(file)
	});
	await act(page, 'post-payments').click();
	await expect(act(page, 'payment-problem')).toContainText('Line 2');
	await act(page, 'payments-file').setInputFiles({
		name: 'wrong.csv',
		mimeType: 'text/csv',
		buffer: Buffer.from('who,what\n1,2\n')
	});
	await act(page, 'post-payments').click();
	await expect(page.locator("[data-code='payments.columns']")).toBeVisible();
	await expectAccessible(page);
});

test('the complaint handler sees complaints and nothing else', async ({ page }) => {
	await page.goto(server.page);
	await page.getByLabel('Name').fill('complaints');
	await page.getByLabel('Password').fill(server.password('complaints'));
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page.getByText('No complaint')).toBeVisible();
	await expect(act(page, 'nav-cases')).toHaveCount(0);
	await expectAccessible(page);
});

test('a code that is not known says so, without signing in', async ({ page }) => {
	await page.goto(`${server.page}#/check/${'A'.repeat(150)}`);
	await expect(act(page, 'check-unknown')).toBeVisible();
	await expectAccessible(page);
});
