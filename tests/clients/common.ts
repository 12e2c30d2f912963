// What the clients share: where Daybook is, some days to come, and how a reply is handed to the test.

function required(name: string): string {
	const value = process.env[name];
	if (value === undefined)
		throw new Error(`${name} is not set`);
	return value;
}

export const baseUrl = required('DAYBOOK_URL');
export const token = required('DAYBOOK_TOKEN');
export const linkToken = required('DAYBOOK_LINK_TOKEN');	// POST /api/session exchanges it
export const organizationId = 'acme';

const DAY_MS = 86_400_000;

export function instantIn(days: number): string {
	return new Date(Date.now() + days * DAY_MS).toISOString();
}

export function dateIn(days: number): string {
	return instantIn(days).slice(0, 10);
}

// A file of one holiday.
export const holiday = `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:${dateIn(901).replaceAll('-', '')}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;

// A line for each reply: the test compares it with docs/openapi.yaml.
export async function report(method: string, path: string, response: Response): Promise<void> {
	const body = await response.clone().text();
	console.log(JSON.stringify({ method, path, status: response.status, headers: Object.fromEntries(response.headers), body }));
}

export function equal(is: unknown, expected: unknown, what: string): void {
	if (is !== expected)
		throw new Error(`${what}: ${is}, not ${expected}`);
}

// The data of a success; an error of the API ends the program.
export function got<T>(result: { data?: T; error?: unknown; response: Response }): NonNullable<T> {
	if (result.data === undefined || result.data === null)
		throw new Error(`${result.response.status} ${result.response.url}: ${JSON.stringify(result.error)}`);
	return result.data;
}
