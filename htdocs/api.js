/*
 * Every request to the API.  Paths are relative to the page, so that Daybook may live under any path.  Conditional
 * requests are the browser's: the replies say no-cache and have ETags.
 */
import { credential } from './session.js';
import { down } from './away.js';
import { inWords } from './format.js';
import { t } from './strings.js';

const TIMEOUT_MS = 30000;

/*
 * status 0: no answer at all.  message is for people; body is what the server said.  field is what it was about, if it is one that
 * a form has, and words the message without its name.
 */
export class ApiError extends Error {
	constructor(status, message, body, field, words) {
		super(message);
		Object.assign(this, { status, body: body || {}, field: field || null, words: words || message });
	}
}

let signIn;

/* signIn() asks for a credential and is done when there is a new one. */
export function onUnauthorized(ask) {
	signIn = ask;
}

/* What the forms call the fields that they send, name -> string; form.js fills it in. */
export const labels = {};

/*
 * The server's own words, in any of its formats, except where they are for programmers: which scope is missing, the kind of the
 * error, and the names of fields, for which a form has others.
 */
function errorOf(status, body) {
	const said = body.error?.message || (typeof body.error === 'string' && body.error) || body.message || t('error.status', { status });
	const [, field, words] = /^(\w+): (.*)$/s.exec(said) || [];

	if (status === 403)
		return new ApiError(status, t('error.forbidden'), body);
	if (field === undefined || !labels[field])
		return new ApiError(status, inWords(said), body);
	const own = inWords(words[0].toUpperCase() + words.slice(1)).replace(/[^.?!]$/, '$&.');
	return new ApiError(status, `${t(labels[field])}: ${inWords(words)}`, body, field, own);
}

async function ask(method, path, { body, headers, token } = {}) {
	const used = token || credential();
	let response;

	try {
		response = await fetch(path, { method, signal: AbortSignal.timeout(TIMEOUT_MS), body: typeof body === 'string' ? body : body && JSON.stringify(body),
			headers: { Authorization: `Bearer ${used}`, ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers } });
	} catch {
		down();
		throw new ApiError(0, t('error.away'));
	}
	if (response.status === 401 && !token) {
		if (credential() === used)
			await signIn();
		return ask(method, path, { body, headers });
	}
	if (response.ok)
		return response;
	if ([502, 503, 504].includes(response.status))
		down();
	const said = await response.json().catch(() => ({}));
	throw errorOf(response.status, said);
}

/* {a: 1, b: null} as ?a=1 */
export function query(values) {
	const pairs = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== '');

	return pairs.length ? '?' + new URLSearchParams(pairs) : '';
}

/* What the reply says; one that breaks off is none. */
async function read(response, how) {
	try {
		return await response[how]();
	} catch {
		down();
		throw new ApiError(0, t('error.away'));
	}
}

export const get = async (path, options) => read(await ask('GET', path, options), 'json');

/* A change; the reply's body, and its ETag as .etag. */
export async function send(method, path, body, headers, token) {
	const response = await ask(method, path, { body, headers, token });
	const reply = response.status === 204 ? {} : await read(response, 'json');

	return Object.assign(reply, { etag: response.headers.get('ETag') });
}

export async function getWithTag(path) {
	const response = await ask('GET', path);

	return Object.assign(await read(response, 'json'), { etag: response.headers.get('ETag') });
}

/* A page of CSV, or of another type: {text, next}, next being the cursor of the page after it or null. */
export async function getPage(path, accept = 'text/csv') {
	const response = await ask('GET', path, { headers: { Accept: accept } });

	return { text: await read(response, 'text'), next: response.headers.get('X-Next-Cursor') };
}
