// What orval makes calls a function of ours, because by itself it names no media type where a body may have several.
import { baseUrl, linkToken, report, token } from './common.js';

export * as daybook from './made/orval.js';

interface Result { data: unknown; status: number; headers: Headers }

export async function call<T extends Result>(path: string, options: RequestInit): Promise<T> {
	const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...options.headers };
	const isText = headers['Content-Type'] === 'text/calendar';	// it makes JSON of every body
	const body = isText ? JSON.parse(options.body as string) as string : options.body;
	const response = await fetch(baseUrl + path, { ...options, headers, body });
	await report(options.method!, path.replace(/\?.*/, ''), response);
	const text = await response.text();
	const data: unknown = response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : text;
	return { data, status: response.status, headers: response.headers } as T;
}

export const asLink: RequestInit = { headers: { Authorization: `Bearer ${linkToken}` } };

export function got<R extends Result>(result: R): Extract<R, { status: 200 | 201 | 202 }>['data'] {
	if (result.status >= 300)
		throw new Error(`${result.status}: ${JSON.stringify(result.data)}`);
	return result.data as Extract<R, { status: 200 | 201 | 202 }>['data'];
}

export async function status(result: Promise<Result>): Promise<number> {
	return (await result).status;
}
